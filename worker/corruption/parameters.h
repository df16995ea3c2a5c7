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

// Noise, independent for each channel of each pixel.
inline constexpr BySeverity<double> kGaussianNoiseDeviation{.08, .12, .18, .26, .38};
inline constexpr BySeverity<double> kSpeckleNoiseDeviation{.15, .2, .35, .45, .6};  // as a share of the pixel
inline constexpr BySeverity<double> kShotNoisePhotons{60, 25, 12, 5, 3};  // mean count where a pixel is white
inline constexpr BySeverity<double> kImpulseNoiseAmount{.03, .06, .09, .17, .27};  // share of values replaced

struct Fog {
  double amount;           // added where it is thickest
  double roughness_decay;  // from one octave of the fractal to the next the amplitude falls by its square
};
inline constexpr BySeverity<Fog> kFog{{{1.5, 2}, {2, 2}, {2.5, 1.7}, {2.5, 1.5}, {3, 1.4}}};

struct Frost {
  double image, overlay;  // weights
};
inline constexpr BySeverity<Frost> kFrost{{{1, .4}, {.8, .6}, {.7, .7}, {.65, .7}, {.6, .75}}};

struct Snow {
  double mean, deviation;  // of the normal layer
  double zoom, threshold;  // what is below the threshold is no flake
  int radius;              // of the motion blur, with its standard deviation, pixels
  double sigma;
  double kept;  // share of the image, the rest is whitened
};
inline constexpr BySeverity<Snow> kSnow{{{.1, .3, 3, .5, 10, 4, .8},
                                         {.2, .3, 2, .5, 12, 4, .7},
                                         {.55, .3, 4, .9, 12, 8, .7},
                                         {.55, .3, 4.5, .85, 12, 8, .65},
                                         {.55, .3, 2.5, .85, 12, 12, .55}}};

struct Spatter {
  double mean, deviation;  // of the normal layer
  double sigma;            // of the Gaussian that smooths it, pixels
  double threshold;        // what is below is dry
  double strength;         // of water: weight; of mud: standard deviation in pixels of its soft edge
  bool mud;
};
inline constexpr BySeverity<Spatter> kSpatter{{{.65, .3, 4, .69, .6, false},
                                               {.65, .3, 3, .68, .6, false},
                                               {.65, .3, 2, .68, .5, false},
                                               {.65, .3, 1, .65, 1.5, true},
                                               {.67, .4, 1, .65, 1.5, true}}};

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
