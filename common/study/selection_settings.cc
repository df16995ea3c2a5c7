#include "common/study/selection_settings.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "common/base/error.h"
#include "common/base/json_integer.h"

using nlohmann::json;

namespace wcam {

namespace {

constexpr std::array<SelectionRule, 3> kRules{SelectionRule::kPublished, SelectionRule::kAll,
                                              SelectionRule::kListed};

constexpr const char* kMatched = "matched";

void check_list(const std::vector<ListedWcam>& list, std::size_t variants, std::size_t cases) {
  if (list.empty()) throw InputError("a list of WCAMs is empty");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& [variant, case_index] = list[i];
    if (variant > variants || case_index >= cases)
      throw InputError("a list of WCAMs names variant " + std::to_string(variant) + " and case " +
                       std::to_string(case_index) + ", the plan has " + std::to_string(variants) +
                       " variants and " + std::to_string(cases) + " cases");
    if (i > 0 && !(list[i - 1] < list[i])) throw InputError("a list of WCAMs is not in ascending order");
  }
}

}  // namespace

std::string_view to_string(SelectionRule rule) {
  static constexpr std::array<std::string_view, 3> kNames{"published", "all", "listed"};
  return kNames[static_cast<std::size_t>(rule)];
}

void check(const SelectionSettings& s, std::size_t images, std::size_t variants, std::size_t cases) {
  if (s.sample_size < 1) throw InputError("sample size " + std::to_string(s.sample_size) + " is below 1");
  if (s.rule == SelectionRule::kPublished && (s.max_altered < 1 || s.max_altered > 100))
    throw InputError("max altered " + std::to_string(s.max_altered) + " is outside 1 to 100");
  if (s.max_unaffected < 0 || s.max_unaffected > 100)
    throw InputError("max unaffected " + std::to_string(s.max_unaffected) + " is outside 0 to 100");
  const bool listed = s.rule == SelectionRule::kListed;
  if (s.list_of_image.size() != (listed ? images : 0) ||
      (listed && static_cast<std::size_t>(s.sample_size) != images))
    throw InputError("lists of WCAMs for " + std::to_string(s.list_of_image.size()) +
                     " images and a sample of " + std::to_string(s.sample_size) + ", the plan has " +
                     std::to_string(images) + " images");
  for (const std::uint32_t list : s.list_of_image)
    if (list >= s.lists.size())
      throw InputError("list of WCAMs " + std::to_string(list) + " is not among the " +
                       std::to_string(s.lists.size()) + " there are");
  for (const auto& list : s.lists) check_list(list, variants, cases);
}

// The published rule is written as it was before there were others, so that its sweeps keep their ids.
json to_json(const SelectionSettings& s) {
  json document{{"sample_size", s.sample_size}};
  if (s.max_unaffected != 1) document["max_unaffected"] = s.max_unaffected;
  if (s.matched_controls) document["controls"] = kMatched;
  if (s.only_correct) document["only_correct"] = true;
  if (s.rule == SelectionRule::kPublished) {
    document["max_altered"] = s.max_altered;
    return document;
  }
  document["rule"] = to_string(s.rule);
  if (s.rule == SelectionRule::kAll) return document;
  json lists = json::array();
  for (const auto& list : s.lists) {
    json pairs = json::array();
    for (const ListedWcam& wcam : list) pairs.push_back({wcam.variant, wcam.case_index});
    lists.push_back(std::move(pairs));
  }
  document["lists"] = std::move(lists);
  document["list_of_image"] = s.list_of_image;
  return document;
}

SelectionSettings selection_settings_from_json(const json& document) {
  SelectionSettings s;
  const std::string rule = document.value("rule", std::string(to_string(SelectionRule::kPublished)));
  const auto known =
      std::find_if(kRules.begin(), kRules.end(), [&](SelectionRule r) { return to_string(r) == rule; });
  if (known == kRules.end()) throw InputError("selection rule '" + rule + "' is not known to this version");
  s.rule = *known;
  s.sample_size = integer_of<int>(document.at("sample_size"));
  if (document.contains("max_unaffected")) s.max_unaffected = integer_of<int>(document["max_unaffected"]);
  if (document.contains("controls")) {
    if (document["controls"] != kMatched)
      throw InputError("controls '" + document["controls"].dump() + "' are not known to this version");
    s.matched_controls = true;
  }
  s.only_correct = document.value("only_correct", false);
  if (s.rule == SelectionRule::kPublished) s.max_altered = integer_of<int>(document.at("max_altered"));
  if (s.rule != SelectionRule::kListed) return s;
  for (const json& pairs : document.at("lists")) {
    std::vector<ListedWcam>& list = s.lists.emplace_back();
    for (const json& pair : pairs)
      list.push_back({integer_of<std::uint16_t>(pair.at(0)), integer_of<std::uint16_t>(pair.at(1))});
  }
  for (const json& list : document.at("list_of_image"))
    s.list_of_image.push_back(integer_of<std::uint32_t>(list));
  return s;
}

}  // namespace wcam
