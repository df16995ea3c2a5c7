#include "analysis/statistics/clusters.h"

namespace wcam {

ImageValues image_means(const std::vector<RowOfImage>& rows) {
  ImageValues means;
  std::map<std::string, double> counts;
  for (const RowOfImage& row : rows) {
    means[row.image] += row.value;
    counts[row.image] += 1;
  }
  for (auto& [image, sum] : means) sum /= counts[image];
  return means;
}

std::vector<double> paired_differences(const ImageValues& before, const ImageValues& after) {
  std::vector<double> differences;
  for (const auto& [image, value] : before)
    if (const auto other = after.find(image); other != after.end())
      differences.push_back(other->second - value);
  return differences;
}

}  // namespace wcam
