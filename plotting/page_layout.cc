#include "plotting/page_layout.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <stdexcept>

#include "common/base/error.h"
#include "common/command_line/drawing_options.h"
#include "common/command_line/suggestion.h"

namespace wcam {

namespace {

constexpr double kEdge = 1;                             // round everything
constexpr double kRowName = 10;                         // room for it, left of the panels
constexpr double kGap = 4;                              // between panels of a row
constexpr double kTextGap = 6;                          // between their texts: three spaces, not one
constexpr double kBarGap = 5, kBar = 9, kBarName = 15;  // right of the panels
constexpr double kNumbers = 29.5;                       // room for ">0.0062" beside a bar
constexpr double kBelowTitle = 2, kAboveCaption = 1.5, kBelowRow = 5, kBetweenBands = 4, kAboveNotes = 2;
constexpr double kBarRoom = kBarGap + kBar + kNumbers + kBarName;

double lines(int number, double size_pt) { return number * kLineHeight * size_pt; }

double room_at_right(bool bars) { return bars ? kBarRoom : kEdge; }

double side_of(double width_pt, int in_row, bool bars) {
  return (width_pt - kRowName - room_at_right(bars) - (in_row - 1) * kGap) / in_row;
}

}  // namespace

double venue_width_pt(const std::string& venue, int columns) {
  static const std::map<std::string, std::vector<double>> kWidths{
      {"neurips", {5.5}}, {"icml", {3.25, 6.75}}, {"acl", {3.3, 6.8}}};
  const auto found = kWidths.find(venue);
  if (found == kWidths.end()) throw UsageError("unknown venue '" + venue + "'" + but_known(venue, kVenues));
  const int most = static_cast<int>(found->second.size());
  if (columns < 0 || columns > most)
    throw UsageError("--columns " + std::to_string(columns) + ": a page of " + venue + " has " +
                     std::to_string(most) + (most == 1 ? " column" : " columns"));
  return kPointsPerInch * found->second[static_cast<std::size_t>((columns == 0 ? most : columns) - 1)];
}

PageColumns page_columns(double width_pt, int columns, int leading, bool bars) {
  if (columns < 1 || leading < 0 || leading > 1 || side_of(width_pt, 1 + leading, bars) < kSmallestPanel)
    throw std::invalid_argument("page_columns: " + std::to_string(columns) + " columns, " +
                                std::to_string(leading) + " leading, " + std::to_string(width_pt) + " pt");
  const int others = columns - leading;
  int most = 1;
  while (most < others && side_of(width_pt, most + 1 + leading, bars) >= kSmallestPanel) ++most;
  PageColumns result{width_pt, columns, leading, bars};
  result.bands = std::max((others + most - 1) / most, 1);
  result.in_band = std::max((others + result.bands - 1) / result.bands, 0);
  const int in_row = leading + result.in_band;
  result.side = std::min(side_of(width_pt, in_row, bars), kLargestPanel);
  result.text_width = result.side + kGap - kTextGap;
  const double taken = kRowName + in_row * result.side + (in_row - 1) * kGap + room_at_right(bars);
  result.left = kRowName + (width_pt - taken) / 2;
  return result;
}

int levels_named_inside(double side, int levels) {
  constexpr double kRoom = 9.5;
  int named = 0;
  for (double block = side / 2; named < levels && block >= kRoom; block /= 2) ++named;
  return named;
}

PageLayout page_layout(const PageGrid& grid) {
  const PageColumns& c = grid.columns;
  const std::size_t rows = grid.caption_lines.size();
  PageLayout page;
  page.width_pt = c.width_pt;
  page.columns = c.columns;
  page.bands = c.bands;
  page.panels.resize(rows * static_cast<std::size_t>(c.columns));
  page.captions.resize(page.panels.size());
  page.titles.resize(static_cast<std::size_t>(c.columns));
  const double bar_left = c.left + (c.leading + c.in_band) * (c.side + kGap) - kGap + kBarGap;
  double top = kEdge;
  for (int band = 0; band < c.bands; ++band) {
    const int first = band == 0 ? 0 : c.leading + band * c.in_band;
    const int end = std::min(c.leading + (band + 1) * c.in_band, c.columns);
    const auto left_of = [&](int column) {
      return c.left + (column < c.leading ? column : column - band * c.in_band) * (c.side + kGap);
    };
    const auto text_left = [&](int column) { return left_of(column) - (c.text_width - c.side) / 2; };
    const double title_height = lines(grid.title_lines, kPageTitle);
    for (int column = first; column < end; ++column)
      page.titles[static_cast<std::size_t>(column)] = {text_left(column), top, c.text_width, title_height};
    if (grid.title_lines > 0) top += title_height + kBelowTitle;
    for (std::size_t row = 0; row < rows; ++row) {
      if (!grid.corner_names.empty() && grid.corner_names[page.row_names.size()]) top += kCornerName;
      const double caption_height = lines(grid.caption_lines[row], kPageText);
      for (int column = first; column < end; ++column) {
        const std::size_t i = row * static_cast<std::size_t>(c.columns) + static_cast<std::size_t>(column);
        page.panels[i] = {left_of(column), top, c.side, c.side};
        page.captions[i] = {text_left(column), top + c.side + kAboveCaption, c.text_width, caption_height};
      }
      page.row_names.push_back({c.left - kRowName, top, kRowName, c.side});
      page.bars.push_back({bar_left, top, kBar, c.side});
      page.bar_names.push_back({bar_left + kBar + kNumbers, top, kBarName, c.side + caption_height});
      top += c.side + (caption_height > 0 ? kAboveCaption + caption_height : 0) + kBelowRow;
    }
    if (band + 1 < c.bands) top += kBetweenBands;
  }
  page.notes = {kEdge, top + kAboveNotes, c.width_pt - 2 * kEdge, lines(grid.note_lines, kPageText)};
  page.height_pt = (grid.note_lines > 0 ? page.notes.bottom() : top - kBelowRow) + kEdge;
  return page;
}

}  // namespace wcam
