// Which images are explained, and which of their variants: a pure function of the predictions of all cases.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/plan.h"
#include "common/store/records.h"

namespace wcam {

// Predicted labels of one image with one case: the source at 0, then the plan's variants.
using Labels = std::vector<std::int64_t>;

// One explain job that follows from a decision.
struct Choice {
  std::uint16_t case_index = 0;  // into Plan::cases
  std::uint16_t variant = 0;     // 0: the source; v: Plan::variants[v - 1]
  Role role = Role::kSource;
  std::uint8_t role_index = 0;  // among the image's altered variants, in the plan's order; 0 for other roles
  std::int64_t label = 0;       // what this case predicts for this variant
  bool operator==(const Choice&) const = default;
};

struct Decision {
  bool selected = false;
  std::string why;              // one line for people when not selected
  std::vector<Choice> choices;  // empty when not selected; ordered by case, role, role_index
};

// A variant is *affected* under a case when its label differs from the source's. An image is selected when at
// least one variant is affected under every case (the intersection over the cases). Then, for each case,
// these are explained:
//   source      the unaltered image;
//   altered     up to max_altered of the variants affected under every case, the same for all cases: those
//   with the
//               smallest draw(seed, image, "altered", variant), numbered in the plan's order;
//   unaffected  of the variants not affected under this case, the one with the smallest
//               draw(seed, image, "unaffected", variant): the same for all cases where they allow it; none
//               when every variant is affected under this case.
// Each with the label that this case predicts for it. `labels`: one entry a case, each of variants + 1
// labels.
Decision select(std::span<const Labels> labels, const std::vector<std::string>& variants,
                const SelectionSettings& settings, std::uint64_t seed, const std::string& image);

}  // namespace wcam
