// Everything that decides the numbers of one WCAM, apart from the model and the pixels. Defaults are the
// published ones.
#pragma once

#include <cstdint>
#include <string>

namespace wcam {

// Whose arithmetic a WCAM follows.
//   reference: that of the published figures. The image is transformed after normalisation; each perturbed
//              image is min-max scaled and truncated to 8 bits, then normalised again; variance from the
//              outputs on A.
//   corrected: that of the method's formulas. Pixels in [0, 1], no scaling, no 8 bits, normalised once;
//              variance from all outputs; unbiased forms.
enum class Mode { kReference, kCorrected };

// The coarsest smooth block: perturbed like the rest, left whole, or zeroed.
enum class Approximation { kPerturb, kKeep, kDrop };

enum class Sampler { kSobol, kTorchSobol, kHalton, kLatinHypercube, kMonteCarlo };

// Five estimators from differences of outputs (common/study/estimator.h), and one from the gradient of the
// output at the points of A (common/study/gradient_estimator.h), of total order only.
enum class Estimator { kJansen, kHomma, kJanon, kGlen, kSaltelli, kGradient };

// Total-order indices ST_i (published), or first-order indices S_i, which also cost the N forwards on B.
enum class Order { kTotal, kFirst };

struct WcamSettings {
  int grid = 28;      // cells a side, 2..112; cell of pixel x in an image of side S is floor(x * grid / S)
  int nb_design = 4;  // N, rows of A: a power of two, 2..4096; with kGradient any number, 3..4096
  int levels = 3;     // of the Haar transform, 1..5
  Mode mode = Mode::kReference;
  Approximation approximation = Approximation::kPerturb;
  Sampler sampler = Sampler::kSobol;
  std::uint64_t design_seed = 42;
  Estimator estimator = Estimator::kJansen;
  Order order = Order::kTotal;
  // Also from how many of the most important cells on the classifier gives the class explained
  // (common/study/forward_plan.h says what it costs).
  bool sufficient = false;
  // Of `wcam explain --design` only: SHA-256 of the file that was read in place of sampler and design_seed,
  // and ":GROUP" in it, if one was named. Empty in a sweep, and then left out of the JSON.
  std::string design;

  int cells() const { return grid * grid; }
  bool operator==(const WcamSettings&) const = default;
};

// What a point costs with Estimator::kGradient: a forward, and a backward, which counts as two. A WCAM is
// given 48 forwards, unless its user says otherwise.
inline constexpr int kForwardsAGradient = 3;
inline constexpr int kGradientPoints = 48 / kForwardsAGradient;

// Whether a design's first points are those of a design with fewer, so that what was computed at them stays
// good when points are added: not a Latin hypercube's or Halton's (whose last digits are random), which are
// drawn for their number.
constexpr bool grows_by_points(Sampler sampler) {
  return sampler == Sampler::kSobol || sampler == Sampler::kTorchSobol || sampler == Sampler::kMonteCarlo;
}

// Throws UsageError naming field, value and bound when the settings cannot be used.
void check(const WcamSettings& settings);

// Why these settings cannot explain images of side x side pixels, with the remedy: "input_size 228 is not a
// multiple of 8 (2^levels): take 224 or 232, or --levels 2", where `what` is "input_size". Empty when they
// can: the side is a multiple of 2^levels and has a pixel for each cell of the grid.
std::string side_problem(const WcamSettings& settings, int side, const std::string& what);

}  // namespace wcam
