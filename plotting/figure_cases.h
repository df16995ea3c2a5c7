// What the images of a sweep have in common, by case: mean maps, and differences of maps.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "plotting/page.h"

namespace wcam {

// The mean of some maps under a case, or that of differences.
struct CaseMap {
  Map map;  // its standard errors: of the mean over the images; of one image, that of its own map
  std::size_t images = 0;          // how many it is of
  std::size_t doubtful = 0;        // of how many of these the map, or one of the two, has doubts
  std::set<std::string> doubts{};  // that they have
};

struct FigureMean {
  struct Column {
    std::string case_name;
    OrAbsent<CaseMap> source, altered;
  };
  std::string quantity;  // what a cell holds
  std::string which;     // of which altered images, in words
  std::string design;
  std::vector<Column> cases;
};

// 2 x cases: mean map of the source images above, of the altered ones below.
Page figure_mean(const FigureMean& content);

struct FigureDifference {
  struct Column {
    std::string case_name;
    OrAbsent<CaseMap> difference;  // altered less source of the same image
  };
  std::string quantity, which, design;
  std::vector<Column> cases;
};

// 2 x cases: mean difference above, its standard error below.
Page figure_difference(const FigureDifference& content);

}  // namespace wcam
