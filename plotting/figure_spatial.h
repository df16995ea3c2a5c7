// Where in an image its importance lies, by case, over the photograph.
#pragma once

#include <string>
#include <vector>

#include "plotting/figure5.h"

namespace wcam {

// 2 x (1 + cases), as figure 5 with importance_of_places() (map_arithmetic.h) of each map over its photograph
// in grey.
Page figure_spatial(const Figure5& content);

}  // namespace wcam
