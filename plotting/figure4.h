// Figure 4: one image and one case; the source, a variant that leaves the prediction as it is and one that
// changes it.
#pragma once

#include <string>

#include "plotting/page.h"

namespace wcam {

struct ShownVariant {
  std::string variant;  // as people read it; of the source: the image's name
  OrAbsent<Picture> picture;
  Explanation explanation;
};

struct Figure4 {
  std::string image;  // its name
  std::string case_name;
  std::string perturbation;  // family
  std::string quantity;      // what a cell holds: "Total-order Sobol index"
  std::string true_class;    // empty: not known
  std::string design;        // sentences on how the indices came about
  OrAbsent<ShownVariant> source, unaffected, affected;
};

// 2 x 3: photographs above, the class predicted with its probability and the true class below each, their
// WCAMs below.
Page figure4(const Figure4& content);

// As published, each photograph titled with what it is and the class predicted.
Figure published_figure4(const Figure4& content);

}  // namespace wcam
