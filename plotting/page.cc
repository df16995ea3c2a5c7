#include "plotting/page.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "common/base/message_text.h"
#include "common/study/wcam_doubts.h"
#include "plotting/scale.h"

namespace wcam {

namespace {

constexpr Rgb kBlack{}, kAbsentGrey{238, 238, 238}, kTextGrey{90, 90, 90}, kAlert{176, 32, 32};
constexpr double kSubbandLine = 0.5, kFrame = 0.4, kTick = 2;
constexpr int kCaptionLines = 3, kTitleLines = 2, kNoteLines = 10;
constexpr double kDefaultDpi = 300;
constexpr const char* kWrong = "\u2717";  // before the class predicted of an image that is misclassified

bool is_map(const PagePanel& panel) {
  return std::holds_alternative<Map>(panel.content) || std::holds_alternative<Overlay>(panel.content);
}

// Of the map that it shows or is made of.
const std::set<std::string>& doubts_of(const PagePanel& panel) {
  const auto* map = std::get_if<Map>(&panel.content);
  return map != nullptr ? map->doubts : panel.doubts;
}

std::span<const float> values_of(const PagePanel& panel) {
  if (const auto* map = std::get_if<Map>(&panel.content)) return map->cells;
  if (const auto* overlay = std::get_if<Overlay>(&panel.content)) return overlay->values;
  return {};
}

template <typename Predicate>
bool any_panel(const Page& page, Predicate holds) {
  return std::any_of(page.rows.begin(), page.rows.end(), [&](const PageRow& row) {
    return std::any_of(row.panels.begin(), row.panels.end(), holds);
  });
}

bool has_map(const Page& page) {
  return any_panel(page, [](const PagePanel& panel) { return std::holds_alternative<Map>(panel.content); });
}

bool has_noise(const Page& page) {
  return any_panel(page, [](const PagePanel& panel) {
    const auto* map = std::get_if<Map>(&panel.content);
    return map != nullptr && !map->standard_errors.empty();
  });
}

std::set<std::string> doubts_of(const Page& page) {
  std::set<std::string> doubts;
  for (const PageRow& row : page.rows)
    for (const PagePanel& panel : row.panels) doubts.insert(doubts_of(panel).begin(), doubts_of(panel).end());
  return doubts;
}

bool has_bar(const Page& page) {
  return std::any_of(page.rows.begin(), page.rows.end(),
                     [](const PageRow& row) { return !row.quantity.empty(); });
}

// The first map of a row has names in it.
std::optional<std::size_t> named_column(const PageRow& row) {
  const auto found = std::find_if(row.panels.begin(), row.panels.end(), [](const PagePanel& panel) {
    return std::holds_alternative<Map>(panel.content);
  });
  if (found == row.panels.end()) return std::nullopt;
  return static_cast<std::size_t>(found - row.panels.begin());
}

// The levels whose names have no room in a map of a panel of this side.
struct CornerLevels {
  int coarsest = 0, finest = 0;
};
std::optional<CornerLevels> corner_levels(const Map& map, double side) {
  const CornerLevels levels{map.levels, levels_named_inside(side, map.levels) + 1};
  if (levels.finest > levels.coarsest) return std::nullopt;
  return levels;
}
std::optional<CornerLevels> corner_levels(const PageRow& row, double side) {
  const auto column = named_column(row);
  if (!column) return std::nullopt;
  return corner_levels(std::get<Map>(row.panels[*column].content), side);
}

// What stands above the corner where they lie: "A, 3" or "A, 5–3".
std::string corner_name(const CornerLevels& levels) {
  return "A, " + std::to_string(levels.coarsest) +
         (levels.finest < levels.coarsest ? "\u2013" + std::to_string(levels.finest) : "");
}

PageColumns columns_of(const Page& page, const DrawOptions& options) {
  return page_columns(options.width_pt, static_cast<int>(page.titles.size()), page.leading, has_bar(page));
}

// The scale of each row: its own, or, where asked, that of all rows with its quantity.
std::vector<Scale> scales_of(const Page& page, const DrawOptions& options) {
  std::vector<Scale> scales;
  for (const PageRow& row : page.rows) {
    std::vector<std::span<const float>> values;
    for (const PageRow& other : page.rows)
      if (&other == &row || (options.range == RangeScope::kFigure && other.quantity == row.quantity))
        for (const PagePanel& panel : other.panels) values.push_back(values_of(panel));
    scales.push_back(scale_of(values, options.cut_percent, row.colours == ColourMap::kDiverging));
  }
  return scales;
}

// The end of a bar: what the bar is too coarse to show is left out.
std::string end_of_bar(double value, const ColourRange& range) {
  if (std::abs(value) < (range.high - range.low) / kColours) return "0";
  return std::abs(value) < 100 ? fmt::format("{:.2g}", value) : fmt::format("{:.0f}", value);
}

std::string names_sentence(const Page& page, double side) {
  std::string text =
      "A: approximation; V, H, D: details at vertical, horizontal and diagonal edges, 1 the finest level";
  for (const PageRow& row : page.rows)
    if (const auto levels = corner_levels(row, side)) {
      const bool one = levels->finest == levels->coarsest;
      return text + "; " + corner_name(*levels) + ": above the upper left corner, which holds A and " +
             (one ? "level " : "levels ") + std::to_string(levels->coarsest) +
             (one ? "" : " to " + std::to_string(levels->finest)) + ".";
    }
  return text + ".";
}

// What letters, colours and marks mean, a sentence each.
std::vector<std::string> legend(const Page& page, const std::vector<Scale>& scales, double side) {
  std::vector<std::string> sentences;
  if (has_noise(page)) sentences.push_back("Faint: within two standard errors of 0.");
  if (has_map(page)) sentences.push_back(names_sentence(page, side));
  if (std::any_of(scales.begin(), scales.end(), [](const Scale& scale) { return scale.cut > 0; }))
    sentences.push_back(">: values beyond have the last colour.");
  if (any_panel(page, [](const PagePanel& panel) { return panel.marked; }))
    sentences.push_back(std::string(kWrong) + ": misclassified.");
  if (const auto doubts = doubts_of(page); !doubts.empty())
    sentences.push_back("?: a doubtful map (" + listed(doubts, " or ") + ").");
  return sentences;
}

std::string joined_sentences(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences)
    if (!sentence.empty()) text += (text.empty() ? "" : " ") + sentence;
  return text;
}

// A row's bar, wide enough for the two strips where cells may be set back.
class PageDrawing {
 public:
  PageDrawing(const Page& page, const DrawOptions& options)
      : page_(page),
        options_(options),
        columns_(columns_of(page, options)),
        scales_(scales_of(page, options)),
        notes_(joined_sentences(legend(page, scales_, columns_.side))),
        layout_(measured_layout()),
        canvas_(options.format, layout_.width_pt, layout_.height_pt, options.dpi.value_or(kDefaultDpi),
                page.name) {}

  const PageLayout& layout() const { return layout_; }

  std::string bytes() {
    for (std::size_t column = 0; column < page_.titles.size(); ++column) draw_title(column);
    for (std::size_t row = 0; row < page_.rows.size(); ++row) {
      const ColourTable colours = colours_of(row);
      for (std::size_t column = 0; column < page_.titles.size(); ++column) draw_panel(row, column, colours);
      for (std::size_t band = 0; band < static_cast<std::size_t>(layout_.bands); ++band)
        draw_edges(band, row, colours);
    }
    if (!notes_.empty())
      canvas_.paragraph(layout_.notes, notes_, kPageText, kNoteLines, Canvas::Align::kStart, kTextGrey);
    if (options_.on_unreadable)
      for (const auto& [text, packages] : canvas_.unreadable()) options_.on_unreadable(text, packages);
    return canvas_.finish();
  }

 private:
  // Text is as wide on any canvas, so a scrap of paper does to measure it.
  PageLayout measured_layout() const {
    Canvas scrap(Format::kPng, 1, 1, 72, "");
    const auto lines = [&](const std::string& text, double width, double size, int most) {
      return text.empty() ? 0 : std::min(scrap.lines_of(text, width, size), most);
    };
    PageGrid grid{columns_, 0, {}, 0, {}};
    grid.corner_names.resize(static_cast<std::size_t>(columns_.bands) * page_.rows.size());
    for (std::size_t row = 0; row < page_.rows.size(); ++row)
      if (corner_levels(page_.rows[row], columns_.side))
        grid.corner_names[band_of(*named_column(page_.rows[row])) * page_.rows.size() + row] = true;
    for (const std::string& title : page_.titles)
      grid.title_lines =
          std::max(grid.title_lines, lines(title, columns_.text_width, kPageTitle, kTitleLines));
    for (const PageRow& row : page_.rows) {
      int most = 0;
      for (const PagePanel& panel : row.panels) {
        int taken = 0;
        for (const std::string& text : panel.caption)
          taken += lines(text, columns_.text_width, kPageText, kCaptionLines);
        most = std::max(most, taken);
      }
      grid.caption_lines.push_back(most);
    }
    grid.note_lines = lines(notes_, columns_.width_pt - 2, kPageText, kNoteLines);
    return page_layout(grid);
  }

  std::size_t band_of(std::size_t column) const {
    const auto leading = static_cast<std::size_t>(page_.leading);
    return column < leading ? 0 : (column - leading) / static_cast<std::size_t>(columns_.in_band);
  }

  ColourTable colours_of(std::size_t row) const {
    const ColourMap own = page_.rows[row].colours;
    return colour_table(own == ColourMap::kDiverging ? own : options_.colour_map.value_or(own));
  }

  void draw_title(std::size_t column) {
    const Rect& box = layout_.titles[column];
    const int lines = std::min(canvas_.lines_of(page_.titles[column], box.width, kPageTitle), kTitleLines);
    // Titles stand on their panels.
    const double height = lines * kLineHeight * kPageTitle;
    canvas_.paragraph({box.x, box.bottom() - height, box.width, height}, page_.titles[column], kPageTitle,
                      lines, Canvas::Align::kCentre);
  }

  void draw_panel(std::size_t row, std::size_t column, const ColourTable& colours) {
    const std::size_t i = row * page_.titles.size() + column;
    const Rect area = canvas_.snapped(layout_.panels[i]);
    const PagePanel& panel = page_.rows[row].panels[column];
    if (const auto* absent = std::get_if<Absent>(&panel.content)) draw_absent(area, *absent);
    if (const auto* picture = std::get_if<Picture>(&panel.content))
      canvas_.photograph(area, picture->rgb, picture->side);
    if (const auto* overlay = std::get_if<Overlay>(&panel.content))
      draw_overlay(area, *overlay, colours, scales_[row]);
    if (const auto* map = std::get_if<Map>(&panel.content)) {
      draw_map(area, *map, colours, scales_[row]);
      if (column == named_column(page_.rows[row])) name_subbands(area, *map);
    }
    if (!doubts_of(panel).empty()) canvas_.text_over(area.right() - 5.5, area.bottom() - 8, "?", kPageTick);
    draw_caption(layout_.captions[i], panel);
  }

  void draw_absent(const Rect& area, const Absent& absent) {
    canvas_.fill(area, kAbsentGrey);
    const double width = area.width - 4;
    const int lines = canvas_.lines_of(absent.words, width, kPageText);
    const double height = lines * kLineHeight * kPageText;
    canvas_.paragraph({area.x + 2, area.y + (area.height - height) / 2, width, height}, absent.words,
                      kPageText, lines, Canvas::Align::kCentre, kTextGrey);
  }

  // A pixel of the picture a cell, where that is exact: smaller files, drawn faster.
  void draw_map(const Rect& area, const Map& map, const ColourTable& colours, const Scale& scale) {
    const bool cells_do = options_.interpolation == Interpolation::kNearest && map.side % map.grid == 0;
    const int side = cells_do ? map.grid : map.side;
    const std::vector<float> values =
        cells_do ? map.cells
                 : pixels_of_map(map.cells, map.grid, map.levels, map.side, options_.interpolation);
    const std::vector<bool> noise = within_noise(map.cells, map.standard_errors);
    const ColourTable faint = set_back(colours, scale.range);
    std::vector<Rgb> pixels;
    pixels.reserve(values.size());
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const auto cell = static_cast<std::size_t>(y * map.grid / side * map.grid + x * map.grid / side);
        const double value = static_cast<double>(values[static_cast<std::size_t>(y * side + x)]);
        pixels.push_back((noise[cell] ? faint : colours)[colour_index(value, scale.range)]);
      }
    canvas_.pixels(area, pixels, side, side);
    for (const Segment& line : subband_lines(area, map.levels)) canvas_.rule(line, kSubbandLine, kTextGrey);
    canvas_.frame(area, kFrame, kTextGrey);
  }

  // In the blocks that are large enough; the others have one name, above the corner where they lie.
  void name_subbands(const Rect& area, const Map& map) {
    constexpr double kInset = 1, kLine = 1.5;
    const auto name = [&](double x, double y, const std::string& text) {
      canvas_.text_over(area.x + x + kInset, area.y + y + kInset / 2, text, kPageTick);
    };
    const int named = levels_named_inside(columns_.side, map.levels);
    double side = area.width;
    for (int level = 1; level <= named; ++level) {
      side /= 2;
      name(side, 0, "V" + std::to_string(level));
      name(0, side, "H" + std::to_string(level));
      name(side, side, "D" + std::to_string(level));
    }
    if (named == map.levels) return name(0, 0, "A");
    canvas_.rule({area.x, area.y - kLine, area.x + side, area.y - kLine}, kSubbandLine, kTextGrey);
    canvas_.text_over(area.x, area.y - kCornerName, corner_name({map.levels, named + 1}), kPageTick);
  }

  void draw_overlay(const Rect& area, const Overlay& overlay, const ColourTable& colours,
                    const Scale& scale) {
    std::vector<Rgb> pixels;
    pixels.reserve(overlay.values.size());
    for (std::size_t i = 0; i < overlay.values.size(); ++i)
      pixels.push_back(over_grey(colours[colour_index(static_cast<double>(overlay.values[i]), scale.range)],
                                 luma(overlay.picture.rgb, i)));
    canvas_.pixels(area, pixels, overlay.picture.side, overlay.picture.side);
  }

  // ITU-R BT.601.
  static int luma(const std::vector<std::uint8_t>& rgb, std::size_t i) {
    return (299 * rgb[3 * i] + 587 * rgb[3 * i + 1] + 114 * rgb[3 * i + 2]) / 1000;
  }
  static Rgb over_grey(const Rgb& colour, int grey) {
    const auto mix = [grey](int channel) { return static_cast<std::uint8_t>((3 * channel + 2 * grey) / 5); };
    return {mix(colour.red), mix(colour.green), mix(colour.blue)};
  }

  void draw_caption(const Rect& box, const PagePanel& panel) {
    double y = box.y;
    for (std::size_t k = 0; k < panel.caption.size(); ++k) {
      const bool wrong = panel.marked && k == 0;
      const std::string text = (wrong ? std::string(kWrong) + " " : "") + panel.caption[k];
      const int lines = std::min(canvas_.lines_of(text, box.width, kPageText), kCaptionLines);
      const double height = lines * kLineHeight * kPageText;
      canvas_.paragraph({box.x, y, box.width, height}, text, kPageText, lines, Canvas::Align::kCentre,
                        wrong ? kAlert : kBlack);
      y += height;
    }
  }

  // A row's name, and its bar where it has maps.
  void draw_edges(std::size_t band, std::size_t row, const ColourTable& colours) {
    const std::size_t i = band * page_.rows.size() + row;
    const PageRow& content = page_.rows[row];
    const Rect& name = layout_.row_names[i];
    canvas_.text_upwards(name.x + name.width / 2, name.y + name.height / 2, name.height, content.name,
                         kPageTitle);
    if (content.quantity.empty() || std::none_of(content.panels.begin(), content.panels.end(), is_map))
      return;
    const bool noisy = std::any_of(content.panels.begin(), content.panels.end(), [](const PagePanel& panel) {
      const auto* map = std::get_if<Map>(&panel.content);
      return map != nullptr && !map->standard_errors.empty();
    });
    const bool over = std::any_of(content.panels.begin(), content.panels.end(), [](const PagePanel& panel) {
      return std::holds_alternative<Overlay>(panel.content);
    });
    draw_bar(canvas_.snapped(layout_.bars[i]), colours, scales_[row], noisy, over);
    const Rect& quantity = layout_.bar_names[i];
    canvas_.text_upwards(quantity.x + quantity.width / 2, quantity.y + quantity.height / 2, quantity.height,
                         content.quantity, kPageTick, 2);
  }

  // Its left half in full colours, its right half in those set back; over a photograph, as on middle grey.
  void draw_bar(const Rect& bar, const ColourTable& colours, const Scale& scale, bool noisy, bool over) {
    const ColourTable faint = set_back(colours, scale.range);
    std::vector<Rgb> pixels;
    for (std::size_t k = kColours; k-- > 0;) {
      pixels.push_back(over ? over_grey(colours[k], 128) : colours[k]);
      pixels.push_back(noisy ? faint[k] : pixels.back());
    }
    canvas_.pixels(bar, pixels, 2, static_cast<int>(kColours));
    canvas_.frame(bar, kFrame, kBlack);
    const auto [low, high] = scale.range;
    const double apart = kLineHeight * kPageTick;
    write_tick(bar, bar.bottom(), end_of_bar(low, scale.range));
    if (!(low < high)) return;
    write_tick(bar, bar.y, (scale.cut > 0 ? ">" : "") + end_of_bar(high, scale.range));
    for (const double value : ticks(low, high, static_cast<int>(bar.height / (3 * apart)))) {
      const double y = bar.bottom() - (value - low) / (high - low) * bar.height;
      if (y > bar.y + apart && y < bar.bottom() - apart) write_tick(bar, y, fmt::format("{:.4g}", value));
    }
  }

  void write_tick(const Rect& bar, double y, const std::string& text) {
    canvas_.rule({bar.right(), y, bar.right() + kTick, y}, kFrame, kBlack);
    canvas_.text_right_of(bar.right() + kTick + 1, y, text, kPageTick);
  }

  const Page& page_;
  const DrawOptions& options_;
  const PageColumns columns_;
  const std::vector<Scale> scales_;
  const std::string notes_;
  const PageLayout layout_;
  Canvas canvas_;
};

// The largest Sobol index on the page.
std::optional<float> largest_index(const Page& page) {
  std::optional<float> largest;
  for (const PageRow& row : page.rows)
    for (const PagePanel& panel : row.panels)
      if (const auto* map = std::get_if<Map>(&panel.content); row.indices && map != nullptr)
        largest = std::max(largest.value_or(map->cells.front()),
                           *std::max_element(map->cells.begin(), map->cells.end()));
  return largest;
}

std::string index_sentence(const Page& page) {
  const std::optional<float> largest = largest_index(page);
  if (!largest || !above_all_variance(*largest)) return "";
  return "An index above 1, all of the variance, is an error of estimation: too few design points.";
}

// Median and largest standard error, and the share of cells that is set back.
std::string noise_sentence(const Page& page) {
  std::vector<float> errors;
  std::size_t cells = 0, back = 0;
  for (const PageRow& row : page.rows)
    for (const PagePanel& panel : row.panels)
      if (const auto* map = std::get_if<Map>(&panel.content);
          map != nullptr && !map->standard_errors.empty()) {
        std::copy_if(map->standard_errors.begin(), map->standard_errors.end(), std::back_inserter(errors),
                     [](float error) { return std::isfinite(error); });
        const std::vector<bool> noise = within_noise(map->cells, map->standard_errors);
        cells += noise.size();
        back += static_cast<std::size_t>(std::count(noise.begin(), noise.end(), true));
      }
  if (cells == 0) return "";
  std::string known = "No standard error is known.";
  if (!errors.empty()) {
    const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
    std::nth_element(errors.begin(), middle, errors.end());
    const float largest = *std::max_element(errors.begin(), errors.end());
    known = fmt::format("Standard errors: median {:.2g}, largest {:.2g}{}.", *middle, largest,
                        largest > largest_index(page).value_or(largest) ? ", above the largest index" : "");
  }
  return known + fmt::format(" Faint cells, {:.0f} % of all, are within two standard errors of 0.",
                             100.0 * static_cast<double>(back) / static_cast<double>(cells));
}

std::string scale_sentence(const Page& page, const DrawOptions& options) {
  const std::vector<Scale> scales = scales_of(page, options);
  std::string text;
  for (std::size_t row = 0; row < page.rows.size(); ++row) {
    if (page.rows[row].quantity.empty() || scales[row].cells == 0) continue;
    const Scale& scale = scales[row];
    const std::string of = page.rows[row].name.empty() ? "" : " (" + page.rows[row].name + ")";
    text += (text.empty() ? "" : " ") + fmt::format("{}{}: colours from {:.3g} to {:.3g}, ",
                                                    page.rows[row].quantity, of, scale.range.low,
                                                    scale.range.high);
    text += scale.cut == 0 ? "nothing cut."
                           : fmt::format("{} of {} values beyond, the largest {:.3g}.", scale.cut,
                                         scale.cells, scale.largest);
  }
  return text;
}

}  // namespace

PagePanel predicted_panel(const Explanation& explanation, const std::string& true_class) {
  PagePanel panel;
  std::string predicted = explanation.predicted.empty() ? explanation.explained : explanation.predicted;
  // Before the name, of which the end may be cut.
  if (explanation.probability)
    predicted = fmt::format("{:.0f}\u00a0% {}", 100 * *explanation.probability, predicted);
  panel.caption = {predicted};
  if (!true_class.empty()) panel.caption.push_back("true: " + true_class);
  panel.marked = explanation.misclassified;
  return panel;
}

std::vector<std::string> explained_caption(const Explanation& explanation) {
  std::vector<std::string> texts;
  const bool other = !explanation.predicted.empty() && explanation.predicted != explanation.explained;
  const std::string what = explanation.labels.empty() ? "" : " (" + explanation.labels + ")";
  if (other)
    texts.push_back("explains: " + explanation.explained + what);
  else if (!explanation.labels.empty())
    texts.push_back("explains this class");
  if (explanation.replicates > 1) texts.push_back("mean of " + counted(explanation.replicates, "replicate"));
  return texts;
}

std::string altered_words(const std::string& variant, const Absent* missing) {
  return (variant.empty() ? "no altered image" : "the altered image, " + variant) +
         (missing == nullptr ? "" : " (" + missing->words + ")");
}

PageLayout layout_of(const Page& page, const DrawOptions& options) {
  return PageDrawing(page, options).layout();
}

std::string draw(const Page& page, const DrawOptions& options) { return PageDrawing(page, options).bytes(); }

std::string caption(const Page& page, const DrawOptions& options) {
  std::vector<std::string> sentences{page.about, page.design, scale_sentence(page, options),
                                     index_sentence(page), noise_sentence(page)};
  for (const std::string& sentence : legend(page, scales_of(page, options), columns_of(page, options).side))
    if (!sentence.starts_with("Faint")) sentences.push_back(sentence);
  if (has_map(page))
    sentences.push_back(
        options.interpolation == Interpolation::kNearest
            ? "Cells are drawn as they are, without interpolation."
            : "Values are linear between the cells of each subband, none crosses a subband's edge.");
  return joined_sentences(sentences) + "\n";
}

}  // namespace wcam
