// Names in the writing that papers use.
#pragma once

#include <string>
#include <vector>

namespace wcam {

// "AugMix" for a case named augmix, "Adv. free" for adv_free; a name that is not well known as it is.
std::string case_title(const std::string& name);

// Of cases with these names, in their order; with the case's own name in brackets where two have one title.
std::vector<std::string> case_titles(const std::vector<std::string>& names);

// Of each of a plan's cases (&CaseSpec::name) or of a figure's columns its case's.
template <typename Column>
std::vector<std::string> case_titles(const std::vector<Column>& columns, std::string Column::*name) {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.*name);
  return case_titles(names);
}

}  // namespace wcam
