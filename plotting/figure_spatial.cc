#include "plotting/figure_spatial.h"

#include <utility>

#include "plotting/map_arithmetic.h"

namespace wcam {

namespace {

void place_over(PagePanel& panel, const OrAbsent<Picture>& picture) {
  const auto* map = std::get_if<Map>(&panel.content);
  const auto* photograph = std::get_if<Picture>(&picture);
  if (map == nullptr || photograph == nullptr) return;
  panel.doubts = map->doubts;
  std::vector<float> places = importance_of_places(map->cells, map->grid, map->levels, photograph->side);
  if (places.empty())
    panel.content = Absent{"indices add up to 0 or less"};
  else
    panel.content = Overlay{*photograph, std::move(places)};
}

}  // namespace

Page figure_spatial(const Figure5& content) {
  Page page = figure5(content);
  page.name = "Importance of places by case, image " + content.image;
  page.about +=
      " Maps show how important each place is, 1 being the mean: each cell's index is spread evenly over "
      "its wavelet coefficients and theirs over the pixels that they are made of, summed over subbands, over "
      "the photograph in grey. No standard error of a place is known.";
  for (PageRow& row : page.rows) {
    row.quantity = "Importance (mean 1)";
    for (std::size_t column = 1; column < row.panels.size(); ++column)
      place_over(row.panels[column], &row == &page.rows.front() ? content.source : content.altered);
  }
  return page;
}

}  // namespace wcam
