#include "plotting/figure5.h"

#include <algorithm>

#include "common/base/message_text.h"
#include "common/study/case_title.h"

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
    panel.title.push_back("Prediction: " + shown->explained);
    panel.content = shown->map;
  } else {
    panel.content = std::get<Absent>(explanation);
  }
  return panel;
}

PagePanel page_photograph(const OrAbsent<Picture>& picture, std::vector<std::string> caption) {
  PagePanel panel;
  std::visit([&panel](const auto& content) { panel.content = content; }, picture);
  if (std::holds_alternative<Picture>(picture)) panel.caption = std::move(caption);
  return panel;
}

std::vector<std::string> true_caption(const std::string& true_class, const std::string& image) {
  return {true_class.empty() ? image : "true: " + true_class};
}

PagePanel page_map(const OrAbsent<Explanation>& explanation) {
  const auto* shown = std::get_if<Explanation>(&explanation);
  if (shown == nullptr) return {std::get<Absent>(explanation), {}, false};
  PagePanel panel = predicted_panel(*shown, "");
  panel.content = shown->map;
  for (std::string& text : explained_caption(*shown)) panel.caption.push_back(std::move(text));
  return panel;
}

}  // namespace

Page figure5(const Figure5& content) {
  Page page;
  page.name = "WCAM by case, image " + content.image;
  page.leading = 1;
  const std::vector<std::string> titles = case_titles(content.cases, &Figure5::Column::case_name);
  page.titles = {"Image"};
  page.titles.insert(page.titles.end(), titles.begin(), titles.end());
  PageRow source{"Source", content.quantity, ColourMap::kInk, {}, true},
      altered{"Altered", content.quantity, ColourMap::kInk, {}, true};
  source.panels.push_back(page_photograph(content.source, true_caption(content.true_class, content.image)));
  altered.panels.push_back(page_photograph(content.altered, {content.variant}));
  for (const auto& column : content.cases) {
    source.panels.push_back(page_map(column.source));
    altered.panels.push_back(page_map(column.altered));
  }
  page.rows = {std::move(source), std::move(altered)};
  page.about =
      "Wavelet scale attribution (WCAM) of " + content.image + " under " +
      counted(content.cases.size(), "classifier") + " (" + joined(titles) +
      "). Above: the source image; below: " +
      altered_words(content.variant, std::get_if<Absent>(&content.altered)) +
      ". Below each map the class predicted with its probability; the map explains this class unless another "
      "is named.";
  page.design = content.design;
  return page;
}

Figure published_figure5(const Figure5& content) {
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
