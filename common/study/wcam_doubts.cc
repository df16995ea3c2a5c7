#include "common/study/wcam_doubts.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/study/gradient_estimator.h"

namespace wcam {

namespace {

constexpr float kHighestIndex = 1, kHighestSum = 2;
constexpr float kRounding = 1e-4F;     // of an index
constexpr float kShareMargin = 0.01F;  // a cell without effect may come out a little below 0

}  // namespace

bool above_all_variance(float index) { return index > kHighestIndex + kRounding; }

std::vector<WcamDoubt> wcam_doubts(std::span<const float> indices, std::span<const float> standard_errors,
                                   std::span<const float> level_share, bool from_gradients) {
  std::vector<WcamDoubt> doubts;
  const char* const more = from_gradients ? "--budget" : "--nb-design";
  const float largest = *std::max_element(indices.begin(), indices.end());
  const double sum = std::accumulate(indices.begin(), indices.end(), 0.0);
  if (above_all_variance(largest))
    doubts.push_back(
        {"an index above 1",
         fmt::format(
             "an index is {:.3f}, but none can be above {:.0f}, all of the variance: too few design points "
             "tell how large that is; raise {}",
             largest, kHighestIndex, more)});
  if (sum > kHighestSum)
    doubts.push_back(
        {"indices add up to more than 2", fmt::format("the indices add up to {:.2f}, more than {:.0f}: "
                                                      "interactions seldom explain that, noise does; raise "
                                                      "{}",
                                                      sum, kHighestSum, more)});
  const auto unknown = std::count_if(standard_errors.begin(), standard_errors.end(),
                                     [](float e) { return !std::isfinite(e); });
  if (unknown > 0)
    doubts.push_back(
        {"no standard error",
         fmt::format("{} of {} indices have no standard error: it needs 4 design points at least, and "
                     "outputs that still differ without any one of them; raise --nb-design",
                     unknown, standard_errors.size())});
  float error = 0;
  for (const float e : standard_errors)
    if (std::isfinite(e)) error = std::max(error, e);
  if (error > largest)
    doubts.push_back(
        {"a standard error above the largest index",
         fmt::format(
             "the largest standard error is {:.3f}, above the largest index, {:.3f}: which cells matter "
             "cannot be told from noise; raise --nb-design",
             error, largest)});
  const auto [low, high] = std::minmax_element(level_share.begin(), level_share.end());
  if (*low < -kShareMargin || *high > 1 + kShareMargin)
    doubts.push_back(
        {"shares outside 0 to 1",
         fmt::format("a level's share is {:.3f}, outside 0 to 1: negative indices are noise; raise "
                     "--nb-design",
                     *low < -kShareMargin ? *low : *high)});
  if (from_gradients && double{*high} > kNearlyAll &&
      *high < 1)  // 1: others have no cells, or none that count
    doubts.push_back(
        {"nearly all in one level",
         fmt::format(
             "a level's share is {:.3f}: of an output that hardly varies otherwise, gradients tell the "
             "order of cells, but the stated errors are too small; --estimator jansen tells more",
             *high)});
  return doubts;
}

}  // namespace wcam
