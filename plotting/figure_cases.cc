#include "plotting/figure_cases.h"

#include <utility>

#include "common/base/message_text.h"
#include "plotting/case_title.h"

namespace wcam {

namespace {

PagePanel case_panel(const OrAbsent<CaseMap>& content) {
  if (const auto* absent = std::get_if<Absent>(&content)) return {*absent, {}, false};
  const CaseMap& shown = std::get<CaseMap>(content);
  return {shown.map, {"n = " + std::to_string(shown.images)}, false};
}

// The standard errors as a map of their own.
PagePanel error_panel(const OrAbsent<CaseMap>& content) {
  if (const auto* absent = std::get_if<Absent>(&content)) return {*absent, {}, false};
  Map map = std::get<CaseMap>(content).map;
  map.cells = std::exchange(map.standard_errors, {});
  return {std::move(map), {}, false};
}

constexpr const char* kErrors =
    " Standard errors are of the mean over the images; of a single image, that of its own design points.";

}  // namespace

Page figure_mean(const FigureMean& content) {
  Page page;
  page.name = "Mean WCAM by case";
  PageRow source{"Source", content.quantity, ColourMap::kInk, {}},
      altered{"Altered", content.quantity, ColourMap::kInk, {}};
  for (const auto& column : content.cases) {
    page.titles.push_back(case_title(column.case_name));
    source.panels.push_back(case_panel(column.source));
    altered.panels.push_back(case_panel(column.altered));
  }
  page.rows = {std::move(source), std::move(altered)};
  page.about = "Mean wavelet scale attribution (WCAM) over n images under " +
               counted(content.cases.size(), "classifier") + " (" + joined(page.titles) +
               "). Above: source images; below: " + content.which + "." + kErrors;
  page.design = content.design;
  return page;
}

Page figure_difference(const FigureDifference& content) {
  Page page;
  page.name = "Difference of WCAMs by case";
  PageRow difference{"Difference", "Altered - source", ColourMap::kDiverging, {}},
      noise{"Std. error", "Standard error", ColourMap::kInk, {}};
  for (const auto& column : content.cases) {
    page.titles.push_back(case_title(column.case_name));
    difference.panels.push_back(case_panel(column.difference));
    noise.panels.push_back(error_panel(column.difference));
  }
  page.rows = {std::move(difference), std::move(noise)};
  page.about =
      "What altering the image does to the wavelet scale attribution (WCAM), under " +
      counted(content.cases.size(), "classifier") + " (" + joined(page.titles) +
      "). Above: the map of the altered image less that of its source, mean over n images (" + content.which +
      "), each map for the class that its own image is explained for; below: the standard error of that." +
      kErrors;
  page.design = content.design;
  return page;
}

}  // namespace wcam
