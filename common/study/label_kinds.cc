#include "common/study/label_kinds.h"

#include <algorithm>
#include <bit>

#include "common/base/error.h"

namespace wcam {

std::string to_string(LabelKind kind) {
  static constexpr const char* kNames[] = {"predicted", "source", "true"};
  return kNames[static_cast<std::size_t>(kind)];
}

int LabelKinds::size() const { return std::popcount(bits_); }

LabelKind LabelKinds::first() const {
  if (empty()) invariant_broken("the first of no kinds of label");
  return static_cast<LabelKind>(std::countr_zero(bits_));
}

std::string to_string(LabelKinds kinds) {
  std::string text;
  for (const LabelKind kind : kLabelKinds)
    if (kinds.contains(kind)) text += (text.empty() ? "" : ",") + to_string(kind);
  return text;
}

LabelKinds parse_label_kinds(const std::string& text) {
  LabelKinds kinds;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const auto* const known = std::find_if(kLabelKinds.begin(), kLabelKinds.end(),
                                           [&](LabelKind kind) { return to_string(kind) == word; });
    if (known == kLabelKinds.end())
      throw InputError("label '" + word + "' is none of " + to_string(LabelKinds(kLabelKinds)));
    kinds.insert(*known);
    begin = end + 1;
  }
  return kinds;
}

}  // namespace wcam
