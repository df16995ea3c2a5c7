// Figure 5: one image under all cases; how its WCAM moves when the image is altered.
#pragma once

#include <string>
#include <vector>

#include "plotting/page.h"

namespace wcam {

struct Figure5 {
  struct Column {
    std::string case_name;
    OrAbsent<Explanation> source, altered;
  };
  std::string image;       // its name
  std::string variant;     // the altered one, as people read it
  std::string quantity;    // what a cell holds
  std::string true_class;  // empty: not known
  std::string design;      // sentences on how the indices came about
  OrAbsent<Picture> source, altered;
  std::vector<Column> cases;
};

// 2 x (1 + cases): the source above, the altered image below; then a column a case, WCAM of the source above,
// of the altered image below, and below each the class predicted with its probability.
Page figure5(const Figure5& content);

// As published, in as many columns, titled by case and, in small type, with the class predicted.
Figure published_figure5(const Figure5& content);

}  // namespace wcam
