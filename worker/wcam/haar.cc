#include "worker/wcam/haar.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>

#include <string>

#include "common/base/error.h"

namespace wcam {

namespace {

void check(const at::Tensor& t, int levels) {
  std::string shape = "[";
  for (const auto side : t.sizes()) shape += (shape.size() > 1 ? ", " : "") + std::to_string(side);
  shape += "]";
  if (levels < 1 || levels > 5)
    throw InputError("a Haar transform of " + std::to_string(levels) + " levels: 1 to 5 are possible");
  if (t.dim() < 2 || (t.scalar_type() != at::kFloat && t.scalar_type() != at::kDouble))
    throw InputError("a Haar transform needs a float32 or float64 tensor [..., H, W], this is " + shape +
                     " of " + at::toString(t.scalar_type()));
  const std::int64_t step = std::int64_t{1} << levels;
  if (t.size(-1) % step != 0 || t.size(-2) % step != 0 || t.numel() == 0)
    throw InputError("a Haar transform of " + std::to_string(levels) +
                     " levels needs sides that are multiples of " + std::to_string(step) +
                     ", this tensor is " + shape + ": crop it or use fewer levels");
}

// Every second row and column, from (row, col).
at::Tensor corner(const at::Tensor& t, std::int64_t row, std::int64_t col) {
  return t.slice(-2, row, c10::nullopt, 2).slice(-1, col, c10::nullopt, 2);
}

// The h x w block at (row, col).
at::Tensor block(const at::Tensor& t, std::int64_t row, std::int64_t col, std::int64_t h, std::int64_t w) {
  return t.narrow(-2, row, h).narrow(-1, col, w);
}

}  // namespace

at::Tensor haar_forward(const at::Tensor& images, int levels) {
  check(images, levels);
  at::Tensor out = at::empty_like(images, at::MemoryFormat::Contiguous);
  at::Tensor smooth = images;
  for (int level = 0; level < levels; ++level) {
    const std::int64_t h = smooth.size(-2) / 2, w = smooth.size(-1) / 2;
    const at::Tensor p = corner(smooth, 0, 0), q = corner(smooth, 0, 1);
    const at::Tensor r = corner(smooth, 1, 0), s = corner(smooth, 1, 1);
    const at::Tensor top = p + q, bottom = r + s, top_step = p - q, bottom_step = r - s;
    block(out, 0, w, h, w).copy_((top_step + bottom_step).mul_(0.5));
    block(out, h, 0, h, w).copy_((top - bottom).mul_(0.5));
    block(out, h, w, h, w).copy_((top_step - bottom_step).mul_(0.5));
    smooth = (top + bottom).mul_(0.5);
  }
  block(out, 0, 0, smooth.size(-2), smooth.size(-1)).copy_(smooth);
  return out;
}

at::Tensor haar_inverse(const at::Tensor& coefficients, int levels) {
  check(coefficients, levels);
  std::int64_t h = coefficients.size(-2) >> levels, w = coefficients.size(-1) >> levels;
  at::Tensor smooth = block(coefficients, 0, 0, h, w);
  for (int level = 0; level < levels; ++level, h *= 2, w *= 2) {
    const at::Tensor along_w = block(coefficients, 0, w, h, w), along_h = block(coefficients, h, 0, h, w);
    const at::Tensor both = block(coefficients, h, w, h, w);
    const at::Tensor left = smooth + along_w, right = smooth - along_w;
    const at::Tensor left_step = along_h + both, right_step = along_h - both;
    at::Tensor out = at::empty_like(block(coefficients, 0, 0, 2 * h, 2 * w), at::MemoryFormat::Contiguous);
    corner(out, 0, 0).copy_(left + left_step);
    corner(out, 0, 1).copy_(right + right_step);
    corner(out, 1, 0).copy_(left - left_step);
    corner(out, 1, 1).copy_(right - right_step);
    smooth = out.mul_(0.5);
  }
  return smooth;
}

}  // namespace wcam
