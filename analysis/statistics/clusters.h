// Rows come in clusters: all variants, cases and replicates of one image rest on the same pixels. Images are
// what a study sampled, so each image gives one number to a test or an interval, however many rows it has. To
// take rows for independent instead calls differences real that are not: tests/analysis/statistics shows true
// null hypotheses rejected three times in ten at a level of 5 %, and intervals "at 95 %" that cover 70 %.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace wcam {

struct RowOfImage {
  std::string image;
  double value;
};

// One number an image, by its path.
using ImageValues = std::map<std::string, double>;

// Mean of each image's rows.
ImageValues image_means(const std::vector<RowOfImage>& rows);

// after - before of the images that both have, in the order of their paths.
std::vector<double> paired_differences(const ImageValues& before, const ImageValues& after);

}  // namespace wcam
