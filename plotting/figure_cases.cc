#include "plotting/figure_cases.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "common/base/message_text.h"
#include "common/study/case_title.h"

namespace wcam {

namespace {

PagePanel case_panel(const OrAbsent<CaseMap>& content) {
  if (const auto* absent = std::get_if<Absent>(&content)) return {*absent, {}, false};
  const CaseMap& shown = std::get<CaseMap>(content);
  PagePanel panel{shown.map, {"n = " + std::to_string(shown.images)}, false};
  if (shown.doubtful > 0) panel.caption.push_back(std::to_string(shown.doubtful) + " doubtful");
  return panel;
}

// The standard errors as a map of their own.
PagePanel error_panel(const OrAbsent<CaseMap>& content) {
  if (const auto* absent = std::get_if<Absent>(&content)) return {*absent, {}, false};
  Map map = std::get<CaseMap>(content).map;
  if (map.standard_errors.empty()) return {Absent{"of one map, no standard error"}, {}, false};
  map.cells = std::exchange(map.standard_errors, {});
  return {std::move(map), {}, false};
}

using CaseMaps = std::vector<const OrAbsent<CaseMap>*>;

std::pair<std::size_t, std::size_t> image_counts(const CaseMaps& maps) {
  std::size_t fewest = 0, most = 0;
  for (const auto* one : maps)
    if (const auto* shown = std::get_if<CaseMap>(one)) {
      fewest = most == 0 ? shown->images : std::min(fewest, shown->images);
      most = std::max(most, shown->images);
    }
  return {fewest, most};
}

// "10 images", "7 to 10 images"; each panel has its own number.
std::string image_words(const CaseMaps& maps) {
  const auto [fewest, most] = image_counts(maps);
  return (fewest == most ? "" : std::to_string(fewest) + " to ") + counted(most, "image");
}

std::string error_words(const CaseMaps& maps) {
  CaseMaps known;
  std::copy_if(maps.begin(), maps.end(), std::back_inserter(known), [](const auto* one) {
    const auto* shown = std::get_if<CaseMap>(one);
    return shown != nullptr && !shown->map.standard_errors.empty();
  });
  const auto [fewest, most] = image_counts(known);
  if (most == 0) return "";
  if (most == 1) return " Standard errors are those of the image's own design points.";
  return std::string(" Standard errors are of the mean over the images") +
         (fewest == 1 ? "; of a single image, that of its own design points." : ".");
}

// What a mean is of, "map" or "difference", and how many of these have doubts.
std::string doubt_words(const CaseMaps& maps, const std::string& what) {
  std::size_t all = 0, doubtful = 0;
  std::set<std::string> doubts;
  for (const auto* one : maps)
    if (const auto* shown = std::get_if<CaseMap>(one)) {
      all += shown->images;
      doubtful += shown->doubtful;
      doubts.insert(shown->doubts.begin(), shown->doubts.end());
    }
  if (doubtful == 0) return "";
  return " Of the " + counted(all, what) + " that the means are of, " + std::to_string(doubtful) +
         (doubtful == 1 ? " is" : " are") + " doubtful (" + listed(doubts, " or ") + ").";
}

}  // namespace

Page figure_mean(const FigureMean& content) {
  Page page;
  page.name = "Mean WCAM by case";
  page.titles = case_titles(content.cases, &FigureMean::Column::case_name);
  PageRow source{"Source", content.quantity, ColourMap::kInk, {}, true},
      altered{"Altered", content.quantity, ColourMap::kInk, {}, true};
  CaseMaps maps;
  for (const auto& column : content.cases) {
    maps.insert(maps.end(), {&column.source, &column.altered});
    source.panels.push_back(case_panel(column.source));
    altered.panels.push_back(case_panel(column.altered));
  }
  page.rows = {std::move(source), std::move(altered)};
  page.about = "Mean wavelet scale attribution (WCAM) over " + image_words(maps) + " under " +
               counted(content.cases.size(), "classifier") + " (" + joined(page.titles) +
               "). Above: source images; below: " + content.which + "." + error_words(maps) +
               doubt_words(maps, "map");
  page.design = content.design;
  return page;
}

Page figure_difference(const FigureDifference& content) {
  Page page;
  page.name = "Difference of WCAMs by case";
  page.titles = case_titles(content.cases, &FigureDifference::Column::case_name);
  PageRow difference{"Difference", "Altered - source", ColourMap::kDiverging, {}},
      noise{"Std. error", "Standard error", ColourMap::kInk, {}};
  CaseMaps maps;
  for (const auto& column : content.cases) {
    maps.push_back(&column.difference);
    difference.panels.push_back(case_panel(column.difference));
    noise.panels.push_back(error_panel(column.difference));
  }
  page.rows = {std::move(difference), std::move(noise)};
  page.about =
      "What altering the image does to the wavelet scale attribution (WCAM), under " +
      counted(content.cases.size(), "classifier") + " (" + joined(page.titles) +
      "). Above: the map of the altered image less that of its source, mean over " + image_words(maps) +
      " (" + content.which +
      "), each map for the class that its own image is explained for; below: the standard error of that." +
      error_words(maps) + doubt_words(maps, "difference");
  page.design = content.design;
  return page;
}

}  // namespace wcam
