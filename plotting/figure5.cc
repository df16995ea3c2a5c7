#include "plotting/figure5.h"

namespace wcam {

namespace {

constexpr double kTitle = 18, kSmall = 12;  // pt; the published titles, and what is added to them

Panel photograph(std::vector<std::string> title, const OrAbsent<Picture>& picture) {
  Panel panel;
  panel.title = std::move(title);
  std::visit([&panel](const auto& content) { panel.content = content; }, picture);
  return panel;
}

Panel wcam_panel(std::vector<std::string> title, const OrAbsent<Explanation>& explanation) {
  Panel panel;
  panel.title = std::move(title);
  if (const auto* shown = std::get_if<Explanation>(&explanation)) {
    panel.title.push_back("Prediction: " + shown->prediction);
    panel.content = shown->map;
  } else {
    panel.content = std::get<Absent>(explanation);
  }
  return panel;
}

}  // namespace

Figure figure5(const Figure5& content) {
  Figure figure;
  figure.style.columns = 1 + static_cast<int>(content.cases.size());
  figure.style.title_pt = {{kTitle, kTitle, kSmall}, {kTitle, kSmall}};
  figure.name = "WCAM by case, image " + content.image;
  figure.quantity = content.quantity;
  figure.panels.push_back(photograph({"", "Source image", content.image}, content.source));
  for (const auto& column : content.cases)
    figure.panels.push_back(
        wcam_panel({column.case_name + " case", "WCAM on the source image"}, column.source));
  figure.panels.push_back(photograph({"Altered image", content.variant}, content.altered));
  for (const auto& column : content.cases)
    figure.panels.push_back(wcam_panel({"WCAM on the altered image"}, column.altered));
  note_doubts(figure);
  return figure;
}

}  // namespace wcam
