#include "plotting/figure_rebuilt.h"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "plotting/case_title.h"

namespace wcam {

namespace {

PageRow rebuilt_row(const std::string& name, const OrAbsent<Rebuilt>& content,
                    const std::string& true_class) {
  PageRow row{name, "", ColourMap::kInk, {}};
  if (const auto* absent = std::get_if<Absent>(&content)) {
    row.panels.assign(1 + kRebuiltShares.size(), {});
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
                          false});
  return row;
}

}  // namespace

Page figure_rebuilt(const FigureRebuilt& content) {
  Page page;
  page.name = "Rebuilt from the most important cells, image " + content.image + ", case " + content.case_name;
  page.leading = 1;
  page.titles = {"Image"};
  for (const double share : kRebuiltShares)
    page.titles.push_back(fmt::format("{:.0f} % of importance", 100 * share));
  page.rows = {rebuilt_row("Source", content.source, content.true_class),
               rebuilt_row("Altered", content.altered, content.true_class)};
  page.about = content.image +
               " rebuilt from its wavelet coefficients in the fewest cells that hold a share of the "
               "summed indices under the classifier " +
               case_title(content.case_name) +
               ", as the classifier would be shown it. Above: the source image; below: " +
               (content.variant.empty() ? "no altered image" : content.variant) +
               ". The classifier was not asked what it sees in the rebuilt images.";
  page.design = content.design;
  return page;
}

}  // namespace wcam
