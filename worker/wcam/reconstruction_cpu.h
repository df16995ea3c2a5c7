// The fused CPU form of a reconstruction: masks in, a network's input out, with nothing of the batch's size
// in between. Callers use worker/wcam/reconstruction.h.
#pragma once

#include <array>
#include <vector>

namespace wcam {

// What does not change from image to image.
struct FusedReconstruction {
  int side = 0, levels = 0, grid = 0;
  bool keep_approximation = false;  // the mask is 1 there
  bool eight_bit = false;           // min-max over the three channels, times 255, truncated
  // [3, side, side] Haar coefficients in quadrants, level l (1 = finest) already times 2^-l and the
  // approximation times 2^-levels, so that every level of the inverse is sums alone. Powers of two: exact.
  std::vector<float> coefficients;
  std::vector<int> cell_of_pixel;         // [side]: floor(x * grid / side)
  std::array<float, 3> scale{}, shift{};  // the last step of each channel: scale * value + shift
};

// One thread's buffers; kept from call to call.
struct FusedScratch {
  std::vector<float> masks;                  // [grid + 1, side]: a row for each row of cells, and one of ones
  std::vector<float> planes;                 // [3, side, side]
  std::array<std::vector<float>, 2> smooth;  // the levels below the last, in turn
  std::vector<float> least, most;            // [side] of each column, all channels together
  void fit(const FusedReconstruction& plan);
};

// mask: [grid * grid]. out: [side, side, 3], that is one image of a channels_last batch.
// No fused multiply-add and no reassociation: the same bits whatever vector instructions the processor has.
void reconstruct_fused(const FusedReconstruction& plan, const float* mask, FusedScratch& scratch, float* out);

}  // namespace wcam
