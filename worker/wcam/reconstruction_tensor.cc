#include "worker/wcam/reconstruction_tensor.h"

#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <string>

#include "common/base/error.h"
#include "worker/wcam/haar.h"
#include "worker/wcam/reconstruction.h"

namespace wcam {

namespace {

// [3, 1, 1] float32.
at::Tensor per_channel(const std::array<float, 3>& values, at::Device device) {
  return at::tensor(at::ArrayRef<float>(values), at::kFloat).reshape({3, 1, 1}).to(device);
}

// What the stretching of mode reference takes from z, [n, 1, 1, 1] each.
struct Stretch {
  explicit Stretch(const at::Tensor& z)
      : low(z.amin({1, 2, 3}, true)),
        high(z.amax({1, 2, 3}, true)),
        range(high.sub(low)),
        to_grey(at::where(range.gt(0), at::full_like(range, 255).div_(range), at::zeros_like(range))) {}
  at::Tensor low, high, range, to_grey;
};

}  // namespace

TransformedImage transformed(const at::Tensor& planes, const WcamSettings& settings,
                             const std::array<double, 3>& mean, const std::array<double, 3>& std) {
  const auto side = static_cast<int>(planes.size(2));
  const std::string problem = side_problem(settings, side, "the input's side");
  if (!problem.empty()) throw InputError(problem);
  TransformedImage image{settings, haar_forward(planes.contiguous(), settings.levels),
                         cells_of_pixels(settings.grid, side)};
  const std::int64_t block = image.approximation_side();
  if (settings.approximation == Approximation::kDrop)
    image.coefficients.narrow(1, 0, block).narrow(2, 0, block).zero_();
  const double unit = settings.mode == Mode::kReference ? 255 : 1;
  for (std::size_t c = 0; c < 3; ++c) {
    image.scale[c] = static_cast<float>(1 / (unit * std[c]));
    image.shift[c] = static_cast<float>(-mean[c] / std[c]);
  }
  return image;
}

TensorReconstruction::TensorReconstruction(const TransformedImage& image, at::Device device)
    : settings_(image.settings),
      approximation_side_(image.approximation_side()),
      coefficients_(image.coefficients.unsqueeze(0).to(device)),
      masked_(coefficients_),
      cell_of_pixel_(at::tensor(at::ArrayRef<int>(image.cell_of_pixel), at::kLong).to(device)),
      is_of_cell_(cell_of_pixel_.unsqueeze(1)
                      .eq(at::arange(std::int64_t{settings_.grid}, cell_of_pixel_.options()))
                      .to(at::kFloat)),
      scale_(per_channel(image.scale, device)),
      shift_(per_channel(image.shift, device)) {
  if (settings_.approximation != Approximation::kKeep) return;
  masked_ = coefficients_.clone();
  masked_.narrow(2, 0, approximation_side_).narrow(3, 0, approximation_side_).zero_();
}

at::Tensor TensorReconstruction::on_device(std::span<const float> masks) const {
  const std::int64_t g = settings_.grid, count = static_cast<std::int64_t>(masks.size()) / (g * g);
  // from_blob wants a pointer to mutable values; they are only copied from.
  return at::from_blob(const_cast<float*>(masks.data()), {count, 1, g, g}, at::kFloat)
      .to(coefficients_.device(), false, true);
}

at::Tensor TensorReconstruction::inverse(const at::Tensor& masks) const {
  at::Tensor mask = masks.index_select(2, cell_of_pixel_).index_select(3, cell_of_pixel_);
  if (settings_.approximation == Approximation::kKeep)
    mask.narrow(2, 0, approximation_side_).narrow(3, 0, approximation_side_).fill_(1);
  return haar_inverse(mask.mul(coefficients_), settings_.levels);
}

at::Tensor TensorReconstruction::shown(const at::Tensor& z) const {
  if (settings_.mode == Mode::kCorrected) return z.mul(scale_).add_(shift_);
  const Stretch stretch(z);
  return z.sub(stretch.low).mul_(stretch.to_grey).clamp_max_(255).trunc_().mul_(scale_).add_(shift_);
}

// With k = 255 / (high - low), q = k (z - low) and g the slopes by q: by z they are k g, and besides, at the
// least z -k sum(g) + sum(g q) / (high - low), at the greatest -sum(g q) / (high - low). Where several pixels
// are the least or the greatest, they share it.
at::Tensor TensorReconstruction::by_inverse(const at::Tensor& z, const at::Tensor& gradient) const {
  const at::Tensor by_shown = gradient.mul(scale_);
  if (settings_.mode == Mode::kCorrected) return by_shown;
  const Stretch stretch(z);
  const at::Tensor by_range = by_shown.mul(z.sub(stretch.low)).sum({1, 2, 3}, true).mul_(stretch.to_grey);
  const at::Tensor of_range =
      at::where(stretch.range.gt(0), by_range.div(stretch.range), at::zeros_like(by_range));
  const at::Tensor of_low = of_range.sub(by_shown.sum({1, 2, 3}, true).mul_(stretch.to_grey));
  const auto shared = [&](const at::Tensor& extreme, const at::Tensor& slope) {
    const at::Tensor is_extreme = z.eq(extreme).to(at::kFloat);
    return is_extreme.mul(slope.div(is_extreme.sum({1, 2, 3}, true)));
  };
  return by_shown.mul(stretch.to_grey).add_(shared(stretch.low, of_low)).sub_(shared(stretch.high, of_range));
}

TensorReconstruction::Slopes TensorReconstruction::slopes(const at::Tensor& z,
                                                          const at::Tensor& gradient) const {
  const at::Tensor by_pixel =
      haar_forward(by_inverse(z, gradient).contiguous(), settings_.levels).mul_(masked_).sum(1);
  const auto of_cells = [&](const at::Tensor& pixels) {
    return at::matmul(is_of_cell_.t(), at::matmul(pixels, is_of_cell_)).flatten(1);
  };
  return {of_cells(by_pixel), of_cells(by_pixel.square())};
}

}  // namespace wcam
