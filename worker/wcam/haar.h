// The orthonormal 2-D Haar transform on tensors: any device; the reference for the fused CPU form.
#pragma once

#include <ATen/core/Tensor.h>

namespace wcam {

// A 2 x 2 block [p q; r s] of one level gives
//   smooth      (p + q + r + s) / 2
//   along W     (p - q + r - s) / 2   (answers vertical edges)
//   along H     (p + q - r - s) / 2   (answers horizontal edges)
//   along both  (p - q - r + s) / 2
// which go to the quadrants upper left, upper right, lower left and lower right. The next level repeats this
// on the upper left quadrant; level 1 is the finest, and after `levels` of them the upper left [H / 2^levels,
// W / 2^levels] block is the approximation.
//
// images: [..., H, W], float32 or float64, H and W multiples of 2^levels, levels 1 to 5, any device and
// layout. Result: same shape and type, contiguous. Energy is kept up to rounding: |y|^2 == |x|^2. O(size of
// the input). Throws InputError naming shape, bound and remedy. Source: S. Mallat, IEEE Trans. PAMI 11(7),
// 1989.
at::Tensor haar_forward(const at::Tensor& images, int levels);

// The inverse, which is also the transpose. Each output is ((a ± w) ± (h ± d)) / 2: the order in which the
// fused form adds too, so that both give the same bits on a CPU.
at::Tensor haar_inverse(const at::Tensor& coefficients, int levels);

}  // namespace wcam
