// One lone WCAM beside its image.
#pragma once

#include <string>

#include "plotting/figure.h"

namespace wcam {

struct FigureWcam {
  std::string image;    // its name
  std::string variant;  // as people read it
  std::string case_name;
  std::string explained;  // "class 282 (tiger cat), logit 12.3"
  std::string quantity;   // what a cell holds
  std::string doubts;     // ProfileRow::doubts
  OrAbsent<Picture> picture;
  Map map;
};

// 1 x 2: the photograph, the WCAM. Drawn with RangeScope::kFigure it has a colour bar.
Figure figure_wcam(const FigureWcam& content);

}  // namespace wcam
