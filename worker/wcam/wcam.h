// The WCAM of one image: Sobol indices of the cells of its Haar transform on one logit of a classifier.
// Sources: G. Kasmi et al., arXiv 2305.14979 (WCAM);
//          T. Fel et al., arXiv 2111.04138 (Sobol indices of masks).
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "common/study/forward_plan.h"
#include "common/study/wcam_settings.h"
#include "worker/design/design.h"
#include "worker/images/image.h"
#include "worker/models/network.h"

namespace wcam {

// Normalised input float32 [n, 3, S, S], channels_last, on the device -> logits [n, classes]. n is always the
// batch size asked for (the last batch is padded with images of the one before), so that results do not
// depend on how rows fell into batches; but 1 for the unmasked image where the others are for gradients. The
// input's memory is written again for the next batch.
using Forward = std::function<at::Tensor(const at::Tensor&)>;

// The same input, of at most the batch size's images, and a label -> its logits and their slopes.
using Gradient = std::function<LogitGradient(const at::Tensor&, std::int64_t)>;

struct Classifier {
  Forward forward;
  std::array<double, 3> mean{}, std{};  // applied to pixels in [0, 1]
  at::Device device = at::Device(at::kCPU);
  Gradient gradient{};  // of Estimator::kGradient alone
};

struct Profile {
  std::vector<float> indices;         // [g*g] row-major; 0 for a cell inside a kept or dropped approximation
  std::vector<float> standard_error;  // [g*g] Indices::standard_errors (common/study/indices.h)
  // Logits in design order: A, B (first order only), C_i of live cells i; or, of gradients, logits of A,
  // slopes of live cells, energies of live cells.
  std::vector<float> outputs;
  float logit = 0;  // of the label on the unmasked image
  // Images put through the network, padding left out; the unmasked too; a gradient counts as three. Those
  // behind known outputs count as if they were of this run.
  float forward_equivalents = 0;
  double seconds = 0;
};

// Square image whose side is a multiple of 2^levels and at least the grid. Throws InputError naming value and
// bound; also, naming the label, when the outputs are constant within rounding (indices are undefined) or not
// finite. What `forward` throws passes. Indices are those of indices_from() (common/study/indices.h).
//
// The same classifier, image, settings, design and batch size give the same bits on the same processor with
// the same libraries; docs/reproducibility.md says what may differ elsewhere, and by how much.
//
// known: outputs at the first points of the design that were computed before, as Profile::outputs of that
// many points; these rows are not put through the network again. InputError where they are no such outputs.
// A picture's place in its batch is then another than in a run of the whole, which may move rounding.
Profile explain(const Classifier& classifier, const RgbImage& image, std::int64_t label,
                const WcamSettings& settings, const Design& design, int batch_size,
                std::span<const float> known = {});

}  // namespace wcam
