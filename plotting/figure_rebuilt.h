// A photograph rebuilt from its most important cells.
#pragma once

#include <array>
#include <optional>
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
  // From the fewest cells that give the class explained (columns sufficient_cells and sufficient_cells_stay,
  // common/store/format.md).
  struct Sufficient : Step {
    std::size_t of = 0;               // cells that could be kept
    double share = 0;                 // of the summed indices
    std::optional<std::size_t> stay;  // so many cells and all larger numbers give the class; nullopt: none
  };
  Picture photograph;
  Explanation explanation;
  std::vector<Step> steps;                           // one a share
  std::optional<OrAbsent<Sufficient>> sufficient{};  // nullopt: not asked; absent: no number of cells does
};

struct FigureRebuilt {
  std::string image;  // its name
  std::string case_name;
  std::string variant;     // the altered one, as people read it
  std::string true_class;  // empty: not known
  std::string design;
  OrAbsent<Rebuilt> source, altered;
};

// 2 x (1 + shares): the photograph, then what each share of the importance leaves of it; where the classifier
// was asked from how many cells on it gives the class explained, a column more with these. Where it was not,
// the caption says so.
Page figure_rebuilt(const FigureRebuilt& content);

}  // namespace wcam
