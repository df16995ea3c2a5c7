#include "plotting/figure_rebuilt.h"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "common/study/case_title.h"

namespace wcam {

namespace {

PagePanel sufficient_panel(const Rebuilt& rebuilt) {
  if (!rebuilt.sufficient) return {};
  if (const auto* never = std::get_if<Absent>(&*rebuilt.sufficient)) return {*never, {}, false};
  const auto& sufficient = std::get<Rebuilt::Sufficient>(*rebuilt.sufficient);
  PagePanel panel{sufficient.picture,
                  {fmt::format("at {} of {} cells", sufficient.cells, sufficient.of),
                   fmt::format("holding {:.0f} %", 100 * sufficient.share)},
                  false,
                  rebuilt.explanation.map.doubts};
  if (!sufficient.stay)
    panel.caption.emplace_back("lost again with all");
  else if (*sufficient.stay > sufficient.cells)
    panel.caption.push_back(fmt::format("stays from {} on", *sufficient.stay));
  if (rebuilt.explanation.replicates > 1) panel.caption.emplace_back("by the first replicate");
  return panel;
}

PageRow rebuilt_row(const std::string& name, const OrAbsent<Rebuilt>& content, const std::string& true_class,
                    std::size_t columns) {
  PageRow row{name, "", ColourMap::kInk, {}};
  if (const auto* absent = std::get_if<Absent>(&content)) {
    row.panels.assign(columns, {});
    row.panels.front().content = *absent;
    return row;
  }
  const Rebuilt& rebuilt = std::get<Rebuilt>(content);
  PagePanel photograph = predicted_panel(rebuilt.explanation, true_class);
  photograph.content = rebuilt.photograph;
  for (std::string& text : explained_caption(rebuilt.explanation))
    photograph.caption.push_back(std::move(text));
  row.panels.push_back(std::move(photograph));
  for (const Rebuilt::Step& step : rebuilt.steps)
    row.panels.push_back({step.picture,
                          {fmt::format("{} of {} cells", step.cells, rebuilt.explanation.map.cells.size())},
                          false,
                          rebuilt.explanation.map.doubts});
  if (columns > row.panels.size()) row.panels.push_back(sufficient_panel(rebuilt));
  return row;
}

bool was_asked(const OrAbsent<Rebuilt>& content) {
  const auto* rebuilt = std::get_if<Rebuilt>(&content);
  return rebuilt != nullptr && rebuilt->sufficient;
}

}  // namespace

Page figure_rebuilt(const FigureRebuilt& content) {
  Page page;
  const std::string title = case_title(content.case_name);
  page.name = "Rebuilt from the most important cells, image " + content.image + ", case " + title;
  page.leading = 1;
  page.titles = {"Image"};
  for (const double share : kRebuiltShares)
    page.titles.push_back(fmt::format("{:.0f} % of importance", 100 * share));
  const bool asked = was_asked(content.source) || was_asked(content.altered);
  if (asked) page.titles.emplace_back("Label returns");
  page.rows = {rebuilt_row("Source", content.source, content.true_class, page.titles.size()),
               rebuilt_row("Altered", content.altered, content.true_class, page.titles.size())};
  page.about =
      content.image +
      " rebuilt from its wavelet coefficients in the fewest cells that hold a share of the "
      "summed indices under the classifier " +
      title + ", as the classifier would be shown it. Above: the source image; below: " +
      altered_words(content.variant, std::get_if<Absent>(&content.altered)) +
      (asked ? ". Label returns: from the fewest of its most important cells with which the classifier "
               "gives the class explained, and the share of the importance that they hold; it was "
               "asked with 1 to 10 cells, then with a tenth more each time, up to all. With more cells "
               "it may lose the class again."
             : ". The classifier was not asked what it sees in the rebuilt images.");
  page.design = content.design;
  return page;
}

}  // namespace wcam
