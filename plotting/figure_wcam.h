// One lone WCAM beside its image.
#pragma once

#include <string>

#include "plotting/page.h"

namespace wcam {

struct FigureWcam {
  std::string image;    // its name
  std::string variant;  // as people read it
  std::string case_name;
  std::string explained;   // "class 282 (tiger cat), logit 12.3"
  std::string quantity;    // what a cell holds
  std::string doubts;      // ProfileRow::doubts
  std::string true_class;  // empty: not known
  std::string design;      // sentences on how the indices came about
  OrAbsent<Picture> picture;
  Explanation explanation;
};

// 1 x 2: the photograph, the WCAM.
Page figure_wcam(const FigureWcam& content);

// In the published style. Drawn with RangeScope::kFigure it has a colour bar.
Figure published_figure_wcam(const FigureWcam& content);

}  // namespace wcam
