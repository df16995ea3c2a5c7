// A sweep that grows: more images, variants, cases, labels, replicates or design points, a larger sample.
#pragma once

#include <string>
#include <vector>

#include "common/study/plan.h"

namespace wcam {

// The plan that makes `in_sweep` one with all that `asked` has, and keeps its own: variants, cases and labels
// explained are those of both, in the order of `in_sweep` before the others. It names `in_sweep` as its
// parent; where nothing is added it is `in_sweep`. sample: paths of the images that have a rank, by rank.
// Throws InputError listing what cannot be otherwise in a sweep that goes on: other settings of a WCAM, the
// seed, the rule, files that have changed (where variants on disk are added: but for theirs, which
// make_plan() compares), what `asked` has fewer of.
Plan extended(const Plan& in_sweep, const Plan& asked, std::vector<std::string> sample);

// What is new, a line a kind: "2 cases: vgg, vit". Of a plan and its parent.
std::vector<std::string> additions(const Plan& in_sweep, const Plan& grown);

}  // namespace wcam
