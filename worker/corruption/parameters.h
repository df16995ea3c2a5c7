// ImageNet-C's parameters, severities 1 to 5. Source: D. Hendrycks and T. Dietterich, arXiv 1903.12261, as in
// the public package imagecorruptions (repository bethgelab/imagecorruptions, commit c959e65), from which
// published robustness figures are made. Pixels are in [0, 1] where a parameter has a unit of brightness.
#pragma once

#include <array>

namespace wcam {

template <typename T>
using BySeverity = std::array<T, 5>;

struct Disk {
  int radius;        // pixels
  double softening;  // standard deviation in pixels of the Gaussian that smooths its edge
};
inline constexpr BySeverity<Disk> kDefocusBlur{{{3, .1}, {4, .5}, {6, .5}, {8, .5}, {10, .5}}};

inline constexpr BySeverity<double> kGaussianBlurSigma{1, 2, 3, 4, 6};  // pixels

struct Glass {
  double sigma;       // pixels, of the Gaussian blur before and after
  int reach, passes;  // how far away, in pixels, a pixel's new value is taken from, and how often
};
inline constexpr BySeverity<Glass> kGlassBlur{{{.7, 1, 2}, {.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}}};

struct Motion {
  int radius;    // the line is 2 * radius pixels long
  double sigma;  // pixels, how fast its weights fall
};
inline constexpr BySeverity<Motion> kMotionBlur{{{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}}};

struct ZoomRange {
  double above, step;  // zooms 1, 1 + step, ... below `above`
};
inline constexpr BySeverity<ZoomRange> kZoomBlur{
    {{1.11, .01}, {1.16, .01}, {1.21, .02}, {1.26, .02}, {1.31, .03}}};

inline constexpr BySeverity<double> kBrightnessAdded{.1, .2, .3, .4, .5};  // to HSV's value

struct SaturationChange {
  double factor, added;  // HSV's saturation s becomes s * factor + added
};
inline constexpr BySeverity<SaturationChange> kSaturate{{{.3, 0}, {.1, 0}, {2, 0}, {5, .1}, {20, .2}}};

inline constexpr BySeverity<double> kContrastKept{.4, .3, .2, .1, .05};  // share of the distance to the mean

inline constexpr BySeverity<int> kJpegQuality{25, 18, 15, 10, 7};

inline constexpr BySeverity<double> kElasticStrength{12.5, 16.25, 21.25, 25, 30};

inline constexpr BySeverity<double> kPixelateScale{.6, .5, .4, .3, .25};  // of each side

}  // namespace wcam
