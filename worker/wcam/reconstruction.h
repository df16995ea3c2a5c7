// From masks on wavelet coefficients to what the classifier sees.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/study/wcam_settings.h"
#include "worker/images/image.h"

namespace wcam {

// One image's reconstructions, written into one batch that is used again and again:
//   mask [g, g]
//   -> enlarged to S x S, nearest neighbour
//   -> times the image's Haar coefficients, all channels alike
//   -> inverse transform, which gives z
//   -> mode reference: q = trunc(255 (z - min z) / (max z - min z)), min and max over the three channels
//                      (a constant image gives 0), then normalised: (q / 255 - mean) / std of each channel
//      mode corrected: (z - mean) / std, without clipping: the inverse may leave [0, 1] a little, and where
//                      it does, that is what the mask did
// In mode reference the coefficients are those of the *normalised* image, as published; in mode corrected
// those of the pixels in [0, 1], so that a mask of ones gives the input back. Approximation kKeep: mask 1
// over the coarsest smooth block [0, S / 2^levels)^2; kDrop: 0 there. Both go by pixel, so a cell that the
// block's edge cuts in two stays alive with its outer part.
//
// On a CPU the fused form does it (about 0.1 ms a 224 x 224 image and thread, at::parallel_for over images);
// the tensor form (any device, 8 images at a time: its temporaries then stay in cache) gives the same bits on
// a CPU.
class Reconstruction {
 public:
  enum class Form { kTensor, kFused };
  struct Impl;  // either form

  // planes: [3, S, S] float32, CPU: what is transformed (image_planes() below). `form` nullopt: kFused on a
  // CPU, else kTensor. Throws InputError naming value and bound when S is not a multiple of 2^levels or is
  // below the grid, or for kFused on another device.
  Reconstruction(const at::Tensor& planes, const WcamSettings& settings, const std::array<double, 3>& mean,
                 const std::array<double, 3>& std, at::Device device, int batch_size,
                 std::optional<Form> form = std::nullopt);
  ~Reconstruction();
  Reconstruction(Reconstruction&&) noexcept;
  Reconstruction& operator=(Reconstruction&&) noexcept;

  // masks: [count, g * g] row-major, into images first..first+count of batch(). first + count <= batch_size.
  void write(std::span<const float> masks, int first);

  // The batch: [batch_size, 3, S, S] float32, channels_last, on the device. Zeros where nothing was written.
  const at::Tensor& batch() const;

  // [g * g] row-major: whether a mask's value in this cell changes anything, that is whether one of the
  // image's coefficients there, the kept or dropped approximation left out, is not 0.
  const std::vector<bool>& has_coefficients() const;

 private:
  std::unique_ptr<Impl> impl_;
};

// pixels / 255, and in mode reference (x - mean) / std: [3, S, S] float32, CPU.
at::Tensor image_planes(const RgbImage& image, Mode mode, const std::array<double, 3>& mean,
                        const std::array<double, 3>& std);

// [side]: the row or column of cells that pixel x belongs to, floor(x * grid / side).
std::vector<int> cells_of_pixels(int grid, int side);

}  // namespace wcam
