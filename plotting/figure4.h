// Figure 4: one image and one case; the source, a variant that leaves the prediction as it is and one that
// changes it.
#pragma once

#include <string>

#include "plotting/figure.h"

namespace wcam {

struct ShownVariant {
  std::string variant;  // as people read it; of the source: the image's name
  Picture picture;
  Explanation explanation;
};

struct Figure4 {
  std::string case_name;
  std::string perturbation;  // family
  std::string quantity;      // what a cell holds: "total-order Sobol index"
  OrAbsent<ShownVariant> source, unaffected, affected;
};

// 2 x 3: photographs above, each titled with what it is and the class predicted, their WCAMs below.
Figure figure4(const Figure4& content);

}  // namespace wcam
