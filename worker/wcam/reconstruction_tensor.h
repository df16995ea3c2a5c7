// The tensor form of a reconstruction, which runs on any device, and its adjoint: from slopes of a logit by
// the pixels of a classifier's input to slopes by the masks. Callers that want pictures alone use
// worker/wcam/reconstruction.h, which says what is computed.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "common/study/wcam_settings.h"

namespace wcam {

// What an image and its settings come to, in either form.
struct TransformedImage {
  WcamSettings settings;
  at::Tensor coefficients;         // [3, S, S], CPU; zeros in a dropped approximation
  std::vector<int> cell_of_pixel;  // [S]: of each row or column its row or column of cells
  // (q / 255 - mean) / std of 8-bit values, or (x - mean) / std, as one product and one sum.
  std::array<float, 3> scale{}, shift{};

  std::int64_t side() const { return coefficients.size(2); }
  std::int64_t approximation_side() const { return side() >> settings.levels; }
};

// planes: as image_planes() makes them (reconstruction.h). Throws InputError naming value and bound when S is
// not a multiple of 2^levels or is below the grid.
TransformedImage transformed(const at::Tensor& planes, const WcamSettings& settings,
                             const std::array<double, 3>& mean, const std::array<double, 3>& std);

class TensorReconstruction {
 public:
  TensorReconstruction(const TransformedImage& image, at::Device device);

  // masks: [n, g * g] row-major. Result: on the device, [n, 1, g, g].
  at::Tensor on_device(std::span<const float> masks) const;
  // Such masks -> z, the inverse transform, [n, 3, S, S].
  at::Tensor inverse(const at::Tensor& masks) const;
  // z -> what the classifier sees, [n, 3, S, S].
  at::Tensor shown(const at::Tensor& z) const;

  // Of a number with the slopes `gradient` [n, 3, S, S] by shown(z): its slopes by each mask, and the sum
  // over the mask's pixels of the squared slopes that they would have by masks of their own, each [n, g * g].
  // The truncation to 8 bits counts as no step ("straight through"); least and greatest value, which the
  // stretching depends on, are differentiated. 0 in a kept approximation, whose mask is 1 in any case.
  struct Slopes {
    at::Tensor of_cells, energies;
  };
  Slopes slopes(const at::Tensor& z, const at::Tensor& gradient) const;

 private:
  // [n, 3, S, S], of slopes by shown(z).
  at::Tensor by_inverse(const at::Tensor& z, const at::Tensor& gradient) const;

  WcamSettings settings_;
  std::int64_t approximation_side_;
  at::Tensor coefficients_;   // [1, 3, S, S]
  at::Tensor masked_;         // the same, 0 where no mask counts
  at::Tensor cell_of_pixel_;  // [S]
  at::Tensor is_of_cell_;     // [S, g]: 1 where the pixel's row or column is of this one of cells
  at::Tensor scale_, shift_;  // [3, 1, 1]
};

}  // namespace wcam
