#include "plotting/figure_wcam.h"

namespace wcam {

Figure figure_wcam(const FigureWcam& content) {
  constexpr double kTitle = 18, kSmall = 12;
  Figure figure;
  figure.style.columns = 2;
  figure.style.height_pt = 288;
  figure.style.title_pt = {{kTitle, kSmall}};
  figure.name = "WCAM, image " + content.image;
  figure.quantity = content.quantity;
  Panel photograph, map;
  photograph.title = {"Image", content.image};
  std::visit([&photograph](const auto& picture) { photograph.content = picture; }, content.picture);
  map.title = {"WCAM", content.explained};
  map.content = content.map;
  figure.panels = {std::move(photograph), std::move(map)};
  return figure;
}

}  // namespace wcam
