// Names in the writing that papers use.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace wcam {

// "AugMix" for a case named augmix, "Adv. free" for adv_free; a name that is not well known as it is.
std::string case_title(const std::string& name);

// Of each of the columns its case's, with the case's own name in brackets where another has the same title.
template <typename Column>
std::vector<std::string> case_titles(const std::vector<Column>& columns) {
  std::map<std::string, int> times;
  for (const Column& column : columns) ++times[case_title(column.case_name)];
  std::vector<std::string> titles;
  for (const Column& column : columns) {
    const std::string title = case_title(column.case_name);
    titles.push_back(times[title] == 1 ? title : title + " (" + column.case_name + ")");
  }
  return titles;
}

}  // namespace wcam
