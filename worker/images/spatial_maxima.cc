#include "worker/images/spatial_maxima.h"

#include <algorithm>
#include <cstddef>
#include <opencv2/imgproc.hpp>

#include "worker/images/opencv.h"

namespace wcam {

namespace {

// numpy's default: linear between the order statistics.
double quantile(std::vector<float> values, double share) {
  const double position = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const auto low = static_cast<double>(values[static_cast<std::size_t>(below)]);
  if (static_cast<std::size_t>(below) + 1 == values.size()) return low;
  const auto high = static_cast<double>(*std::min_element(values.begin() + below + 1, values.end()));
  return low + (high - low) * (position - static_cast<double>(below));
}

Pixel maximum_within(const cv::Mat& map, const cv::Mat& region) {
  cv::Point place;
  cv::minMaxLoc(map, nullptr, nullptr, nullptr, &place, region);
  return {place.y, place.x};
}

// As published: of the map with zeros outside the region, so that a region of negative values gives the first
// pixel outside it.
Pixel published_maximum_within(const cv::Mat& map, const cv::Mat& region) {
  cv::Mat inside = cv::Mat::zeros(map.size(), map.type());
  map.copyTo(inside, region);
  return maximum_within(inside, {});
}

}  // namespace

std::vector<Pixel> spatial_maxima(std::span<const float> values, int side, Mode mode) {
  tame_opencv();
  const cv::Mat map(side, side, CV_32F, const_cast<float*>(values.data()));  // only read
  const double threshold = quantile({values.begin(), values.end()}, 0.9);
  cv::Mat above(side, side, CV_8U);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      above.at<unsigned char>(y, x) = static_cast<double>(map.at<float>(y, x)) > threshold ? 255 : 0;
  std::vector<Pixel> places;
  if (mode == Mode::kReference) {
    std::vector<std::vector<cv::Point>> contours;
    std::vector<cv::Vec4i> hierarchy;
    cv::findContours(above, contours, hierarchy, cv::RETR_TREE, cv::CHAIN_APPROX_NONE);
    for (int i = 0; i < static_cast<int>(contours.size()); ++i) {
      cv::Mat region = cv::Mat::zeros(side, side, CV_8U);
      cv::drawContours(region, contours, i, cv::Scalar(255), cv::FILLED);
      places.push_back(published_maximum_within(map, region));
    }
    return places;
  }
  cv::Mat regions;
  const int count = cv::connectedComponents(above, regions, 8);
  for (int i = 1; i < count; ++i) places.push_back(maximum_within(map, regions == i));
  return places;
}

}  // namespace wcam
