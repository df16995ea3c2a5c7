#include "plotting/figure4.h"

#include "common/study/perturbation.h"

namespace wcam {

namespace {

constexpr double kTitle = 20.4, kSmall = 12;  // pt; the published titles, and what is added to them

// What was done to the images of a family.
std::string done_by(const std::string& perturbation) {
  if (perturbation == kEditing) return "Edited";
  return perturbation == kFolders ? "Altered" : "Corrupted";
}

void add_column(Figure& figure, std::size_t column, const std::string& what,
                const OrAbsent<ShownVariant>& content) {
  Panel above, below;
  below.title = {"WCAM"};
  if (const auto* shown = std::get_if<ShownVariant>(&content)) {
    above.title = {what, "Prediction: " + shown->explanation.prediction, shown->variant};
    above.content = shown->picture;
    below.content = shown->explanation.map;
  } else {
    above.title = {what};
    above.content = below.content = std::get<Absent>(content);
  }
  figure.panels[column] = std::move(above);
  figure.panels[column + 3] = std::move(below);
}

}  // namespace

Figure figure4(const Figure4& content) {
  Figure figure;
  figure.style.columns = 3;
  figure.style.heading_pt = kTitle;
  figure.style.title_pt = {{kTitle, kTitle, kSmall}, {kTitle}};
  figure.heading = "Case: " + content.case_name;
  figure.name = "WCAM, case " + content.case_name;
  figure.quantity = content.quantity;
  figure.panels.resize(6);
  const std::string altered = done_by(content.perturbation);
  add_column(figure, 0, "Source", content.source);
  add_column(figure, 1, altered + ", unaffected", content.unaffected);
  add_column(figure, 2, altered + ", affected", content.affected);
  note_doubts(figure);
  return figure;
}

}  // namespace wcam
