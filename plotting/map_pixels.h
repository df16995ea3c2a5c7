// From the cells of a map to the values of its pixels, without a value that is not in the data.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace wcam {

// How a value between the centres of cells comes about.
//   nearest: each pixel has its own cell's value; a cell that a subband's edge cuts in two has it on
//            both sides
//   smooth:  within each subband alone, linear along either axis between the centres of the parts of cells
//            that lie in it, and constant beyond the outermost: nothing leaks from one subband into another,
//            and no value is above or below those of the subband's cells
enum class Interpolation { kNearest, kSmooth };

// The interpolation with this name. Throws UsageError listing the known names.
Interpolation parse_interpolation(const std::string& name);

// [side * side], row-major: the values of the pixels of a transform's square. cells: [grid * grid]; pixel x
// lies in cell floor(x grid / side). side is a multiple of 2^levels, not below grid. O(levels side^2).
std::vector<float> pixels_of_map(std::span<const float> cells, int grid, int levels, int side,
                                 Interpolation interpolation);

}  // namespace wcam
