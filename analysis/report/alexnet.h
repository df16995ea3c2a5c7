// Errors of AlexNet under ImageNet-C's fifteen corruptions, by which mean corruption errors are divided.
#pragma once

#include <optional>
#include <string>

namespace wcam {

// Mean top-1 error over the five severities, 0 to 1, under a corruption as common/study/perturbation spells
// it; nothing for the four extra ones, which are no part of mCE. Source: D. Hendrycks and T. Dietterich, ICLR
// 2019 (arXiv 1903.12261), table 1, whose percentages these round to, with the digits that the authors' code
// has (github.com/hendrycks/robustness; they are also what google-research/augmix divides by).
std::optional<double> alexnet_error(const std::string& corruption);

}  // namespace wcam
