#include "worker/corruption/filters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace wcam {
namespace {

Plane ramp(int rows, int cols) {
  Plane plane(rows, cols, 1);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c) plane.row(r)[c] = 2.0 * r + 3.0 * c;
  return plane;
}

Plane spike(int rows, int cols, int row, int col) {
  Plane plane(rows, cols, 1);
  plane.row(row)[col] = 1;
  return plane;
}

void expect_near(const std::vector<double>& ours, const std::vector<double>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], 1e-14) << i;
}

TEST(Reflect, MirrorsAtTheEdgesOfPixelsHoweverFar) {
  std::vector<int> places;
  for (int i = -7; i < 9; ++i) places.push_back(reflect(i, 3));
  EXPECT_EQ(places, (std::vector<int>{0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2}));
  EXPECT_EQ(reflect(-5, 1), 0);
}

// scipy.ndimage.gaussian_filter([1, 2, 4, 8, 16], ...) of SciPy 1.10.
TEST(GaussianFilter, EqualsScipyAlongRowsAndDownColumns) {
  const std::vector<double> input{1, 2, 4, 8, 16};
  const std::vector<double> nearest{1.9236737875779757, 3.3408925862425476, 5.8123881429402031,
                                    9.1152616320175568, 12.349522501480312},
      reflected{1.2439039246608752, 2.2535239814954808, 4.4974279061563562, 8.8409349029590167,
                14.164209284728269};
  for (const bool along_rows : {true, false}) {
    Plane plane(along_rows ? 1 : 5, along_rows ? 5 : 1, 1);
    plane.values = input;
    expect_near(gaussian_filter(plane, {1.5, 1.5, 4, Border::kNearest}).values, nearest);
    expect_near(gaussian_filter(plane, {0.7, 0.7, 3, Border::kReflect}).values, reflected);
  }
}

TEST(GaussianFilter, KeepsChannelsApart) {
  Plane plane(1, 3, 3);
  plane.values = {0, 7, 9, 1, 7, 9, 0, 7, 9};
  const Plane result = gaussian_filter(plane, {});
  for (std::size_t i = 0; i < 9; i += 3) {
    EXPECT_GT(result.values[i], 0);
    EXPECT_NEAR(result.values[i + 1], 7, 1e-14);
    EXPECT_NEAR(result.values[i + 2], 9, 1e-14);
  }
}

TEST(LineBlur, SpreadsAPointBackwardsAlongTheLine) {
  // Taps look 0, 1, 2 pixels ahead with weights exp(-i^2 / 2) / sum.
  const double a = std::exp(-0.5), b = std::exp(-2.0), sum = 1 + a + b;
  expect_near(line_blur(spike(1, 5, 0, 3), 1, 1, 0).values, {0, b / sum, a / sum, 1 / sum, 0});
  expect_near(line_blur(spike(5, 1, 3, 0), 1, 1, 90).values, {0, b / sum, a / sum, 1 / sum, 0});
  expect_near(line_blur(spike(1, 5, 0, 1), 1, 1, 180).values, {0, 1 / sum, a / sum, b / sum, 0});
  // 45 degrees: 0.71 and 1.41 both round to 1, to the right and down.
  const Plane slanted = line_blur(spike(4, 4, 2, 2), 1, 1, 45);
  EXPECT_NEAR(slanted.row(1)[1], (a + b) / sum, 1e-14);
  EXPECT_NEAR(slanted.row(2)[2], 1 / sum, 1e-14);
  EXPECT_NEAR(std::accumulate(slanted.values.begin(), slanted.values.end(), 0.0), 1, 1e-14);
}

TEST(LineBlur, RepeatsTheEdgeEvenBeyondThePicture) {
  const Plane flat = [] {
    Plane plane(3, 2, 1);
    std::fill(plane.values.begin(), plane.values.end(), 1.0);
    return plane;
  }();
  for (const double degrees : {-135.0, -45.0, 0.0, 30.0, 90.0})
    expect_near(line_blur(flat, 20, 15, degrees).values, flat.values);
}

TEST(ClippedZoom, OfOneIsThePicture) { EXPECT_EQ(clipped_zoom(ramp(5, 7), 1).values, ramp(5, 7).values); }

// Bilinear: the centre 3 x 3 (from row 1, column 1) of a 5 x 5 ramp over 6 x 6 places, corner to corner.
TEST(ClippedZoom, StretchesTheCentreFromCornerToCorner) {
  const Plane zoomed = clipped_zoom(ramp(5, 5), 2);
  ASSERT_EQ(zoomed.rows, 6);
  ASSERT_EQ(zoomed.cols, 6);
  for (int r = 0; r < 6; ++r)
    for (int c = 0; c < 6; ++c)
      EXPECT_NEAR(zoomed.row(r)[c], 2 * (1 + r * 2 / 5.0) + 3 * (1 + c * 2 / 5.0), 1e-14);
}

TEST(ClippedZoom, TakesAnyPictureAndIsNeverSmaller) {
  for (int rows = 1; rows < 12; ++rows)
    for (int cols = 1; cols < 12; ++cols)
      for (const double factor : {1.0, 1.01, 1.11, 1.3, 2.5, 4.5}) {
        const Plane zoomed = clipped_zoom(ramp(rows, cols), factor);
        EXPECT_GE(zoomed.rows, rows);
        EXPECT_GE(zoomed.cols, cols);
        const auto [low, high] = std::minmax_element(zoomed.values.begin(), zoomed.values.end());
        EXPECT_GE(*low, 0);
        EXPECT_LE(*high, 2.0 * (rows - 1) + 3.0 * (cols - 1) + 1e-12);
      }
}

}  // namespace
}  // namespace wcam
