#include "plotting/figure_wcam.h"

#include "common/study/case_title.h"

namespace wcam {

Page figure_wcam(const FigureWcam& content) {
  Page page;
  const std::string title = case_title(content.case_name);
  page.name = "WCAM of " + content.image + ", " + content.variant + ", case " + title;
  page.titles = {content.image, "WCAM, " + title};
  PagePanel photograph = predicted_panel(content.explanation, content.true_class);
  std::visit([&photograph](const auto& picture) { photograph.content = picture; }, content.picture);
  photograph.caption.push_back(content.variant);
  PagePanel map{content.explanation.map, {content.explained}, false};
  if (!content.doubts.empty()) map.caption.push_back("Doubtful: " + content.doubts);
  page.rows.push_back({"", content.quantity, ColourMap::kInk, {std::move(photograph), std::move(map)}, true});
  page.about = "Wavelet scale attribution (WCAM) of " + content.image + " (" + content.variant +
               ") under the classifier " + title + ", for " + content.explained + ".";
  if (!content.doubts.empty()) page.about += " The indices are doubtful: " + content.doubts + ".";
  page.design = content.design;
  return page;
}

Figure published_figure_wcam(const FigureWcam& content) {
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
  map.content = content.explanation.map;
  figure.panels = {std::move(photograph), std::move(map)};
  return figure;
}

}  // namespace wcam
