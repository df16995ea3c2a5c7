// A photograph rebuilt from its most important cells.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "plotting/page.h"

namespace wcam {

// Shares of the summed indices that the cells hold which a photograph is rebuilt from.
inline constexpr std::array<double, 4> kRebuiltShares{0.25, 0.5, 0.75, 0.9};

struct Rebuilt {
  struct Step {
    std::size_t cells = 0;  // kept
    Picture picture;
  };
  Picture photograph;
  Explanation explanation;
  std::vector<Step> steps;  // one a share
};

struct FigureRebuilt {
  std::string image;  // its name
  std::string case_name;
  std::string variant;     // the altered one, as people read it
  std::string true_class;  // empty: not known
  std::string design;
  OrAbsent<Rebuilt> source, altered;
};

// 2 x (1 + shares): the photograph, then what each share of the importance leaves of it. From which of them
// on the classifier gives its label again, the classifier alone can say: plotting has none, results hold no
// such answer, and the figure says that nobody asked. Who adds it asks with these very pixels (haar.h,
// rebuild()).
Page figure_rebuilt(const FigureRebuilt& content);

}  // namespace wcam
