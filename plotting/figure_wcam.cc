#include "plotting/figure_wcam.h"

namespace wcam {

Figure figure_wcam(const FigureWcam& content) {
  constexpr double kTitle = 18, kSmall = 12;
  Figure figure;
  figure.style.columns = 2;
  figure.style.height_pt = 288;
  figure.style.title_pt = {{kTitle, kSmall}};
  figure.name = "WCAM of " + content.image + ", " + content.variant + ", case " + content.case_name;
  figure.quantity = content.quantity;
  if (!content.doubts.empty()) {
    figure.style.heading_pt = kSmall;
    figure.heading = "Doubtful: " + content.doubts;
  }
  Panel photograph, map;
  photograph.title = {content.image, content.variant};
  std::visit([&photograph](const auto& picture) { photograph.content = picture; }, content.picture);
  map.title = {"WCAM, case " + content.case_name, content.explained};
  map.content = content.map;
  figure.panels = {std::move(photograph), std::move(map)};
  return figure;
}

}  // namespace wcam
