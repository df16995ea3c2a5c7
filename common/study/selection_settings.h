// Which images of a sweep are explained, and which of their variants. What the rules mean is in
// coordinator/queue/selection.h and docs/selection.md.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace wcam {

enum class SelectionRule : std::uint8_t {
  kPublished,  // images of which some variant changes the prediction of every case
  kAll,        // every image, every variant, every case
  kListed,     // what a file of the user's lists
};
std::string_view to_string(SelectionRule rule);

// One WCAM of an image.
struct ListedWcam {
  std::uint16_t variant = 0;     // 0: the source; v: Plan::variants[v - 1]
  std::uint16_t case_index = 0;  // into Plan::cases
  bool operator==(const ListedWcam&) const = default;
  bool operator<(const ListedWcam& other) const {
    return std::tie(variant, case_index) < std::tie(other.variant, other.case_index);
  }
};

struct SelectionSettings {
  SelectionRule rule = SelectionRule::kPublished;
  int sample_size = 17;  // images explained at most, >= 1; kListed: the number of images
  // kPublished: altered variants explained per image, 1..100; unaffected ones per image and case, 0..100.
  // Else of no meaning, and the latter neither with matched controls.
  int max_altered = 5, max_unaffected = 1;
  // For every altered variant an unaffected one of the same case and image, of the nearest severity.
  // kPublished: these are explained, under every case, in place of ones that are drawn; else they are chosen
  // among what is explained anyway.
  bool matched_controls = false;
  bool only_correct = false;  // images whose source every case gives its true label; not kListed

  // kListed only: the distinct lists of WCAMs, each ascending without repeats, and which of them each of
  // Plan::images has.
  std::vector<std::vector<ListedWcam>> lists;
  std::vector<std::uint32_t> list_of_image;
  const std::vector<ListedWcam>& listed(std::size_t image) const { return lists[list_of_image[image]]; }
  bool operator==(const SelectionSettings&) const = default;
};

// Throws InputError naming what is out of range for a plan of so many images, variants (without the source)
// and cases.
void check(const SelectionSettings& settings, std::size_t images, std::size_t variants, std::size_t cases);

// Only what has a meaning under the rule.
nlohmann::json to_json(const SelectionSettings& settings);
// Throws nlohmann::json::exception, and InputError for a rule that is not known.
SelectionSettings selection_settings_from_json(const nlohmann::json& json);

}  // namespace wcam
