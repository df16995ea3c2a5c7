// Figure 5: one image under all cases; how its WCAM moves when the image is altered.
#pragma once

#include <string>
#include <vector>

#include "plotting/figure.h"

namespace wcam {

struct Figure5 {
  struct Column {
    std::string case_name;
    OrAbsent<Explanation> source, altered;
  };
  std::string image;     // its name
  std::string variant;   // the altered one, as people read it
  std::string quantity;  // what a cell holds
  OrAbsent<Picture> source, altered;
  std::vector<Column> cases;
};

// 2 x (1 + cases): the source above, the altered image below; then a column a case, WCAM of the source above,
// of the altered image below, titled by case and, in small type, with the class predicted.
Figure figure5(const Figure5& content);

}  // namespace wcam
