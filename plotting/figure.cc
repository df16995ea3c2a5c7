#include "plotting/figure.h"

#include <algorithm>
#include <cstdio>

#include "common/study/wcam_map.h"

namespace wcam {

namespace {

constexpr Rgb kWhite{255, 255, 255}, kLightGrey{238, 238, 238}, kDarkGrey{110, 110, 110}, kBlack{};
constexpr double kSubbandLine = 1.5, kBarFrame = 0.8, kTickLength = 3.5, kTickText = 11, kQuantityText = 12,
                 kAbsentText = 14, kMark = 13, kMarkText = 10, kNoteText = 10;

// Maps as they are drawn: upsampled, in the order of the panels; empty for a panel without one.
std::vector<std::vector<float>> upsampled_maps(const std::vector<Panel>& panels) {
  std::vector<std::vector<float>> maps;
  for (const Panel& panel : panels) {
    const Map* map = std::get_if<Map>(&panel.content);
    maps.push_back(map != nullptr ? upsample_bicubic(map->cells, map->grid, map->side)
                                  : std::vector<float>{});
  }
  return maps;
}

// Draws one figure: state that its steps share.
class Drawing {
 public:
  Drawing(const Figure& figure, const DrawOptions& options)
      : figure_(figure),
        options_(options),
        range_(options.range.value_or(RangeScope::kPanel)),
        layout_(layout(figure.style)),
        colours_(colour_table(options.colour_map.value_or(ColourMap::kJet))),
        maps_(upsampled_maps(figure.panels)),
        canvas_(options.format, layout_.width_pt, layout_.height_pt, options.dpi.value_or(100), figure.name) {
  }

  std::string bytes() {
    draw_line(layout_.heading, figure_.heading);
    draw_line(layout_.note, figure_.note);
    for (int row = 0; row < rows(); ++row) {
      draw_titles(row);
      for (int column = 0; column < layout_.columns; ++column) draw_panel(row, column);
    }
    if (range_ == RangeScope::kFigure) draw_bar_of_rows(0, rows() - 1);
    if (range_ == RangeScope::kRow)
      for (int row = 0; row < rows(); ++row) draw_bar_of_rows(row, row);
    if (options_.on_unreadable)
      for (const auto& [text, packages] : canvas_.unreadable()) options_.on_unreadable(text, packages);
    return canvas_.finish();
  }

 private:
  int rows() const { return static_cast<int>(figure_.style.title_pt.size()); }
  std::size_t index(int row, int column) const {
    return static_cast<std::size_t>(row * layout_.columns + column);
  }
  bool has_map(int row) const {
    for (int column = 0; column < layout_.columns; ++column)
      if (!maps_[index(row, column)].empty()) return true;
    return false;
  }

  ColourRange range_of_rows(int first, int last) const {
    std::vector<const std::vector<float>*> maps;
    for (std::size_t i = index(first, 0); i < index(last + 1, 0); ++i) maps.push_back(&maps_[i]);
    return range_of(maps);
  }

  ColourRange range_at(int row, int column) const {
    if (range_ == RangeScope::kFigure) return range_of_rows(0, rows() - 1);
    if (range_ == RangeScope::kRow) return range_of_rows(row, row);
    const std::vector<float>* own[] = {&maps_[index(row, column)]};
    return range_of(own);
  }

  void draw_line(const TextLine& line, const std::string& text) {
    if (line.size_pt > 0)
      canvas_.text(line.box, text, canvas_.fitted_size(text, line.box.width, line.size_pt));
  }

  void draw_titles(int row) {
    for (std::size_t line = 0; line < figure_.style.title_pt[static_cast<std::size_t>(row)].size(); ++line) {
      double size = layout_.at(row, 0).title[line].size_pt;
      for (int column = 0; column < layout_.columns; ++column)
        size =
            std::min(size, canvas_.fitted_size(title(row, column, line), box(row, column, line).width, size));
      for (int column = 0; column < layout_.columns; ++column)
        canvas_.text(box(row, column, line), title(row, column, line), size);
    }
  }

  const Rect& box(int row, int column, std::size_t line) const {
    return layout_.at(row, column).title[line].box;
  }
  std::string title(int row, int column, std::size_t line) const {
    const auto& lines = figure_.panels[index(row, column)].title;
    return line < lines.size() ? lines[line] : "";
  }

  void draw_panel(int row, int column) {
    const Rect area = canvas_.snapped(layout_.at(row, column).panel);
    const Panel& panel = figure_.panels[index(row, column)];
    if (const auto* picture = std::get_if<Picture>(&panel.content))
      canvas_.photograph(area, picture->rgb, picture->side);
    if (const auto* map = std::get_if<Map>(&panel.content))
      draw_map(area, *map, maps_[index(row, column)], range_at(row, column));
    if (const auto* absent = std::get_if<Absent>(&panel.content)) draw_absent(area, *absent);
  }

  void draw_map(const Rect& area, const Map& map, const std::vector<float>& values,
                const ColourRange& range) {
    std::vector<Rgb> pixels;
    pixels.reserve(values.size());
    for (const float value : values)
      pixels.push_back(colours_[colour_index(static_cast<double>(value), range)]);
    canvas_.pixels(area, pixels, map.side, map.side);
    for (const Segment& line : subband_lines(area, map.levels)) canvas_.rule(line, kSubbandLine, kWhite);
    if (map.doubts.empty()) return;
    const Rect corner = canvas_.snapped({area.right() - kMark, area.bottom() - kMark, kMark, kMark});
    canvas_.fill(corner, kWhite);
    canvas_.text(corner, "?", kMarkText);
  }

  void draw_absent(const Rect& area, const Absent& absent) {
    canvas_.fill(area, kLightGrey);
    canvas_.text(area, absent.words, canvas_.fitted_size(absent.words, area.width - 8, kAbsentText),
                 kDarkGrey);
  }

  // Beside those of the rows that have maps at all.
  void draw_bar_of_rows(int first, int last) {
    while (first <= last && !has_map(first)) ++first;
    while (last >= first && !has_map(last)) --last;
    if (first <= last) draw_bar(canvas_.snapped(layout_.colour_bar(first, last)), range_of_rows(first, last));
  }

  void draw_bar(const Rect& bar, const ColourRange& range) {
    canvas_.pixels(bar, std::vector<Rgb>(colours_.rbegin(), colours_.rend()), 1, static_cast<int>(kColours));
    canvas_.frame(bar, kBarFrame, kBlack);
    for (const double value : ticks(range.low, range.high, 6)) {
      const double share = range.low < range.high ? (value - range.low) / (range.high - range.low) : 0;
      const double y = bar.bottom() - share * bar.height;
      canvas_.rule({bar.right(), y, bar.right() + kTickLength, y}, kBarFrame, kBlack);
      char number[32];
      std::snprintf(number, sizeof number, "%.4g", value);
      canvas_.text_right_of(bar.right() + kTickLength + 2, y, number, kTickText);
    }
    const std::string name = figure_.quantity + scope_text();
    canvas_.text_upwards(layout_.width_pt - kQuantityText, bar.y + bar.height / 2, bar.height, name,
                         canvas_.fitted_size(name, bar.height, kQuantityText));
  }

  // Which maps a bar is about, where it could be mistaken.
  std::string scope_text() const {
    const auto with_map =
        std::count_if(maps_.begin(), maps_.end(), [](const auto& map) { return !map.empty(); });
    if (with_map <= 1) return "";
    return range_ == RangeScope::kRow ? " (this row)" : " (all maps)";
  }

  const Figure& figure_;
  const DrawOptions& options_;
  const RangeScope range_;
  const Layout layout_;
  const ColourTable colours_;
  const std::vector<std::vector<float>> maps_;
  Canvas canvas_;
};

}  // namespace

void note_doubts(Figure& figure) {
  if (std::none_of(figure.panels.begin(), figure.panels.end(), [](const Panel& panel) {
        const Map* map = std::get_if<Map>(&panel.content);
        return map != nullptr && !map->doubts.empty();
      }))
    return;
  figure.style.note_pt = kNoteText;
  figure.note = "? doubtful: see docs/reading_results.md";
}

std::string draw(Figure figure, const DrawOptions& options) {
  figure.style.colour_bars = options.range.value_or(RangeScope::kPanel) != RangeScope::kPanel;
  return Drawing(figure, options).bytes();
}

}  // namespace wcam
