#include "plotting/design_text.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <cstddef>
#include <string>

namespace wcam {

namespace {

// "Jansen's estimator".
std::string estimator_text(Estimator estimator) {
  switch (estimator) {
    case Estimator::kJansen:
      return "Jansen's estimator";
    case Estimator::kHomma:
      return "Homma and Saltelli's estimator";
    case Estimator::kJanon:
      return "Janon's estimator";
    case Estimator::kGlen:
      return "Glen and Isaacs's estimator";
    case Estimator::kSaltelli:
      return "Saltelli's estimator";
    case Estimator::kGradient:
      return "estimated from gradients of the logit";
  }
  return "";
}

std::string sampler_text(const WcamSettings& settings) {
  const std::string seed = " (seed " + std::to_string(settings.design_seed) + ")";
  if (!settings.design.empty()) return "a design of the user's";
  switch (settings.sampler) {
    case Sampler::kSobol:
      return "a scrambled Sobol design" + seed;
    case Sampler::kTorchSobol:
      return "an unscrambled Sobol design";
    case Sampler::kHalton:
      return "a Halton design";
    case Sampler::kLatinHypercube:
      return "a Latin hypercube" + seed;
    case Sampler::kMonteCarlo:
      return "a Monte Carlo design" + seed;
  }
  return "";
}

// "3,141".
std::string with_commas(long long number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

}  // namespace

std::string design_text(const WcamSettings& settings, double forwards) {
  const bool total = settings.order == Order::kTotal;
  std::string text = fmt::format(
      "Each cell holds a {}-order Sobol index: the share of the variance of the explained class's logit that "
      "masking "
      "the cell's wavelet coefficients {}, without unit; {}, N = {} points of {}, a grid of {} x "
      "{} cells "
      "over a Haar transform of {} levels, {} forwards a map.",
      total ? "total" : "first", total ? "takes part in" : "has by itself",
      estimator_text(settings.estimator), settings.nb_design, sampler_text(settings), settings.grid,
      settings.grid, settings.levels, with_commas(std::llround(forwards)));
  if (settings.approximation == Approximation::kKeep) text += " The approximation was kept whole.";
  if (settings.approximation == Approximation::kDrop) text += " The approximation was left out.";
  return text;
}

std::string label_text(LabelKinds explained, std::optional<LabelKind> chosen) {
  if (explained == LabelKinds{LabelKind::kPredicted}) return "";
  if (!chosen) return " Maps explain the class predicted for their image, or else what stands below them.";
  switch (*chosen) {
    case LabelKind::kPredicted:
      return " Maps explain the class predicted for their image.";
    case LabelKind::kSource:
      return " Maps explain the class predicted for the source image.";
    case LabelKind::kTrue:
      return " Maps explain the true class.";
  }
  return "";
}

std::string replicate_text(const Plan& plan, std::optional<std::uint32_t> chosen) {
  if (plan.replicates == 1) return "";
  if (chosen)
    return fmt::format(" Of {} replicates with independent designs, number {} (seed {}).", plan.replicates,
                       *chosen, plan.wcam.design_seed + *chosen);
  return fmt::format(
      " Maps are means over replicates with independent designs, up to {}; standard errors are of the mean, "
      "from the replicates' spread{}.",
      plan.replicates,
      plan.wcam.estimator == Estimator::kGradient ? ""
                                                  : " and the jackknife, weighted by degrees of freedom");
}

}  // namespace wcam
