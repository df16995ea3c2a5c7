// Which images are explained, and which of their variants: a pure function of the plan and of the predictions
// of all cases.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/store/records.h"
#include "common/study/plan.h"

namespace wcam {

// Predicted labels of one image with one case: the source at 0, then the plan's variants.
using Labels = std::vector<std::int64_t>;

// One explain job that follows from a decision.
struct ExplainChoice {
  std::uint16_t case_index = 0;  // into Plan::cases
  std::uint16_t variant = 0;     // 0: the source; v: Plan::variants[v - 1]
  Role role = Role::kSource;
  // Of the source 0. Altered: the variant's number among the image's altered ones, the same under all cases.
  // Unaffected: its number among the case's unaffected ones.
  std::uint16_t role_index = 0;
  std::int64_t label = 0;       // class explained
  LabelKinds explained{};       // all that it is
  std::uint16_t replicate = 0;  // of the design
  // Of an unaffected variant that was matched with an altered one (SelectionSettings::controls): that one. 0:
  // none.
  std::uint16_t control_of = 0;
  bool operator==(const ExplainChoice&) const = default;
};

struct Decision {
  bool selected = false;
  std::string why;  // one line for people when not selected
  // Empty when not selected; ordered by case, role, role_index, label, replicate.
  std::vector<ExplainChoice> choices;
};

// A variant is *affected* under a case when its label differs from the source's. Each variant chosen is
// explained for the labels in Plan::explain, once for those that are one class, with each replicate of the
// design. `labels`: one entry a case, each of variants + 1 labels.
//
// SelectionRule::kPublished: an image is selected when at least one variant is affected under every case (the
// intersection over the cases). Then, for each case, these are explained:
//   source      the unaltered image;
//   altered     up to max_altered of the variants affected under every case, the same for all cases: those
//               with the smallest seeded_key(seed, image, "altered", variant), numbered in the plan's order;
//   unaffected  of the variants not affected under this case, up to max_unaffected with the smallest
//               seeded_key(seed, image, "unaffected", variant), numbered in that order: the same for all
//               cases where they allow it; none when every variant is affected under this case.
//
// With matched controls the unaffected ones are, for each altered one, one that is not taken and nearest in
// severity (any, where there are no severities), of equally near ones the smallest key, the nearest pairs
// first. All cases then explain all of these: under a case that it affects, a control is one more altered
// variant.
//
// kAll: every image is selected, and every variant and the source are explained under every case; kListed:
// the same, of what is listed for the image. A variant affected under its case is altered, any other
// unaffected. Altered ones are numbered by the number of their cases that are affected, most first, then in
// the plan's order, so that number 0 is the one to compare cases by; unaffected ones by their draws, so that
// number 0 is the one that kPublished takes. Matched controls are found among what is explained.
//
// only_correct: an image whose source some case takes for another class than its true one is not selected.
//
// Of an extended sweep (Plan::earlier), an image that it had in its sample keeps what was chosen then, with
// its numbers: what every earlier plan chose, then under kPublished the source and the altered variants (and
// matched controls) under the cases that were added, then what the rule chooses now and is not there yet.
Decision select(const Plan& plan, std::size_t image, std::span<const Labels> labels);

// The most variants of one image that are explained under one case.
std::size_t most_variants(const Plan& plan);

// The most WCAMs that a sweep of this plan may explain. kAll, kListed, for the predicted label alone and not
// only of correct sources: exactly so many, unless some fail.
std::uint64_t most_wcams(const Plan& plan);

}  // namespace wcam
