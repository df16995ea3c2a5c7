#include "plotting/figure4.h"

#include "common/study/case_title.h"
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
    above.title = {what, "Prediction: " + shown->explanation.explained, shown->variant};
    std::visit([&above](const auto& picture) { above.content = picture; }, shown->picture);
    below.content = shown->explanation.map;
  } else {
    above.title = {what};
    above.content = below.content = std::get<Absent>(content);
  }
  figure.panels[column] = std::move(above);
  figure.panels[column + 3] = std::move(below);
}

}  // namespace

Page figure4(const Figure4& content) {
  Page page;
  const std::string title = case_title(content.case_name);
  page.name = "WCAM, case " + title;
  page.titles = {"Source", "Unaffected", "Altered"};
  PageRow photographs{"Image", "", ColourMap::kInk, {}},
      maps{"WCAM", content.quantity, ColourMap::kInk, {}, true};
  for (const auto* shown : {&content.source, &content.unaffected, &content.affected}) {
    if (const auto* variant = std::get_if<ShownVariant>(shown)) {
      PagePanel photograph = predicted_panel(variant->explanation, content.true_class);
      std::visit([&photograph](const auto& picture) { photograph.content = picture; }, variant->picture);
      photograph.caption.push_back(variant->variant);
      photographs.panels.push_back(std::move(photograph));
      maps.panels.push_back({variant->explanation.map, explained_caption(variant->explanation), false});
    } else {
      photographs.panels.push_back({std::get<Absent>(*shown), {}, false});
      maps.panels.push_back({std::get<Absent>(*shown), {}, false});
    }
  }
  page.rows = {std::move(photographs), std::move(maps)};
  page.about =
      "Wavelet scale attribution (WCAM) of " + content.image + " under the classifier " + title +
      ": the source, a variant that leaves its prediction as it is (unaffected), and one that changes it "
      "(altered); below each image the class predicted with its probability, below that its map, which "
      "explains this class unless "
      "another is named below it.";
  page.design = content.design;
  return page;
}

Figure published_figure4(const Figure4& content) {
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
