#include "plotting/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "common/base/error.h"
#include "common/command_line/suggestion.h"

namespace wcam {

namespace {

constexpr int kLargestSide = 32767;  // of a Cairo image surface, pixels
// Cairo writes the time otherwise, and ignores SOURCE_DATE_EPOCH.
constexpr const char* kCreationDate = "2026-01-01T00:00:00Z";

template <auto destroy>
struct Destroy {
  template <typename T>
  void operator()(T* object) const {
    destroy(object);
  }
};
using Surface = std::unique_ptr<cairo_surface_t, Destroy<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Destroy<cairo_destroy>>;
using FontOptions = std::unique_ptr<cairo_font_options_t, Destroy<cairo_font_options_destroy>>;
using Text = std::unique_ptr<PangoLayout, Destroy<g_object_unref>>;
using Attributes = std::unique_ptr<PangoAttrList, Destroy<pango_attr_list_unref>>;
using Font = std::unique_ptr<PangoFontDescription, Destroy<pango_font_description_free>>;

void check(cairo_status_t status, const char* act) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string("cairo: cannot ") + act + ": " + cairo_status_to_string(status));
}

cairo_status_t append(void* closure, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

int pixels_of(double points, double dpi) {
  const double pixels = std::round(points * dpi / 72);
  if (pixels <= kLargestSide) return std::max(static_cast<int>(pixels), 1);
  throw UsageError("a PNG of " + std::to_string(static_cast<long long>(pixels)) + " pixels a side at --dpi " +
                   std::to_string(static_cast<int>(dpi)) + " is too large: at most " +
                   std::to_string(kLargestSide) + "; use a smaller --dpi");
}

// Cairo numbers the images and glyphs of an SVG with counters of the process, so a second figure would differ
// from the first one of another run. Renumbers what follows each of these words, in order of appearance.
std::string renumbered(const std::string& svg) {
  static const std::vector<std::string> kCounted{"surface", "image",  "source", "glyph",   "clip",
                                                 "mask",    "linear", "radial", "pattern", "filter"};
  std::map<std::string, int> numbers;
  std::string result;
  result.reserve(svg.size());
  std::size_t from = 0;
  while (from < svg.size()) {
    // Identifiers stand in id="NAME7" (from Cairo 1.18 on "NAME-7") and in "#NAME7"; base64 data has neither
    // quote nor '#'.
    const std::size_t mark = svg.find_first_of("\"#", from);
    if (mark == std::string::npos) break;
    result.append(svg, from, mark + 1 - from);
    from = mark + 1;
    for (const auto& word : kCounted) {
      if (svg.compare(from, word.size(), word) != 0) continue;
      const std::size_t digits = from + word.size() + (svg.compare(from + word.size(), 1, "-") == 0 ? 1 : 0);
      const std::size_t end = svg.find_first_not_of("0123456789", digits);
      if (end == std::string::npos || end == digits) break;
      const auto [entry, added] =
          numbers.try_emplace(svg.substr(from, end - from), static_cast<int>(numbers.size()));
      result.append(svg, from, digits - from).append(std::to_string(entry->second));
      from = end;
      break;
    }
  }
  return result.append(svg, from);
}

std::string valid_utf8(const std::string& text) {
  const std::unique_ptr<char, Destroy<g_free>> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  return valid.get();
}

// A Cairo image of 32-bit pixels.
template <typename ColourAt>
Surface image_of(int width, int height, ColourAt colour_at) {
  Surface image(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  check(cairo_surface_status(image.get()), "make an image");
  unsigned char* data = cairo_image_surface_get_data(image.get());
  const int stride = cairo_image_surface_get_stride(image.get());
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const Rgb c = colour_at(static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                              static_cast<std::size_t>(x));
      const std::uint32_t pixel =
          std::uint32_t{c.red} << 16 | std::uint32_t{c.green} << 8 | std::uint32_t{c.blue};
      std::memcpy(data + std::ptrdiff_t{y} * stride + std::ptrdiff_t{x} * 4, &pixel, sizeof pixel);
    }
  cairo_surface_mark_dirty(image.get());
  return image;
}

}  // namespace

Format parse_format(const std::string& name) {
  for (const Format format : {Format::kPdf, Format::kPng, Format::kSvg})
    if (to_string(format) == name) return format;
  throw UsageError("unknown format '" + name + "'" + but_known(name, std::vector{"pdf", "png", "svg"}));
}

std::string to_string(Format format) {
  return format == Format::kPdf ? "pdf" : format == Format::kPng ? "png" : "svg";
}

struct Canvas::Impl {
  Format format;
  double scale = 1;   // device units a point
  std::string bytes;  // written by Cairo: outlives the surface
  Surface surface;
  Context context;

  void make_surface(double width_pt, double height_pt, double dpi);
  void describe(const std::string& title);
  std::map<std::string, std::string> unreadable;  // Canvas::unreadable()
  void source(const Rgb& colour) {
    cairo_set_source_rgb(context.get(), colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0);
  }
  void image(const Rect& area, const Surface& picture, cairo_filter_t filter);
  Text layout_of(const std::string& text, double size_pt);
  Text line(const std::string& text, double size_pt);
  bool is_readable(const std::string& text) {
    return pango_layout_get_unknown_glyphs_count(layout_of(text, 12).get()) == 0;
  }
  std::string packages_for(const std::string& text);
  void show(const Text& text, double x, double y);
  void checked(const char* act) const { check(cairo_status(context.get()), act); }
};

void Canvas::Impl::make_surface(double width_pt, double height_pt, double dpi) {
  switch (format) {
    case Format::kPdf:
      surface.reset(cairo_pdf_surface_create_for_stream(append, &bytes, width_pt, height_pt));
      // What every journal's tools read: Cairo 1.18 would write 1.7, which some include with warnings.
      cairo_pdf_surface_restrict_to_version(surface.get(), CAIRO_PDF_VERSION_1_4);
      break;
    case Format::kSvg:
      surface.reset(cairo_svg_surface_create_for_stream(append, &bytes, width_pt, height_pt));
      break;
    case Format::kPng:
      scale = dpi / 72;
      surface.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixels_of(width_pt, dpi),
                                               pixels_of(height_pt, dpi)));
      break;
  }
  check(cairo_surface_status(surface.get()), "make a page");
}

void Canvas::Impl::describe(const std::string& title) {
  if (format != Format::kPdf) return;
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, valid_utf8(title).c_str());
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, kCreationDate);
  check(cairo_surface_status(surface.get()), "describe a page");
}

Canvas::Canvas(Format format, double width_pt, double height_pt, double dpi, const std::string& title)
    : impl_(std::make_unique<Impl>()) {
  impl_->format = format;
  impl_->make_surface(width_pt, height_pt, dpi);
  impl_->describe(title);
  impl_->context.reset(cairo_create(impl_->surface.get()));
  cairo_scale(impl_->context.get(), impl_->scale, impl_->scale);
  impl_->source({255, 255, 255});
  cairo_paint(impl_->context.get());
  impl_->checked("paint a page");
  if (!impl_->is_readable("x"))
    throw InputError(
        "no font is installed that can be drawn with: apt-get install fonts-dejavu-core (what is "
        "there, `fc-list` says; FONTCONFIG_FILE may hide it)");
}

Canvas::~Canvas() = default;

Rect Canvas::snapped(const Rect& area) const {
  if (impl_->format != Format::kPng) return area;
  const auto snap = [scale = impl_->scale](double points) { return std::round(points * scale) / scale; };
  // The size by itself, so that panels of one size stay so.
  return {snap(area.x), snap(area.y), snap(area.width), snap(area.height)};
}

void Canvas::fill(const Rect& area, const Rgb& colour) {
  impl_->source(colour);
  cairo_rectangle(impl_->context.get(), area.x, area.y, area.width, area.height);
  cairo_fill(impl_->context.get());
  impl_->checked("fill");
}

void Canvas::frame(const Rect& area, double width_pt, const Rgb& colour) {
  impl_->source(colour);
  cairo_set_line_width(impl_->context.get(), width_pt);
  cairo_rectangle(impl_->context.get(), area.x, area.y, area.width, area.height);
  cairo_stroke(impl_->context.get());
  impl_->checked("draw a frame");
}

void Canvas::rule(const Segment& line, double width_pt, const Rgb& colour) {
  const bool upright = line.x0 == line.x1;
  if (!upright && line.y0 != line.y1) throw std::invalid_argument("rule: neither horizontal nor vertical");
  if (impl_->format != Format::kPng) {
    // A stroke, not a filled area: viewers draw strokes of one width equally wide.
    impl_->source(colour);
    cairo_set_line_width(impl_->context.get(), width_pt);
    cairo_move_to(impl_->context.get(), line.x0, line.y0);
    cairo_line_to(impl_->context.get(), line.x1, line.y1);
    cairo_stroke(impl_->context.get());
    return impl_->checked("draw a line");
  }
  const double scale = impl_->scale, width = std::max(std::round(width_pt * scale), 1.0) / scale;
  const double low = std::round(((upright ? line.x0 : line.y0) - width / 2) * scale) / scale;
  fill(upright ? Rect{low, line.y0, width, line.y1 - line.y0} : Rect{line.x0, low, line.x1 - line.x0, width},
       colour);
}

void Canvas::path(std::span<const Point> points, double width_pt, const Rgb& colour,
                  std::span<const double> dashes) {
  cairo_t* cr = impl_->context.get();
  impl_->source(colour);
  cairo_set_line_width(cr, width_pt);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_dash(cr, dashes.data(), static_cast<int>(dashes.size()), 0);
  for (const Point& point : points) cairo_line_to(cr, point.x, point.y);
  cairo_stroke(cr);
  cairo_set_dash(cr, nullptr, 0, 0);
  impl_->checked("draw lines");
}

void Canvas::polygon(std::span<const Point> corners, const Rgb& colour, double edge_pt, const Rgb& edge) {
  cairo_t* cr = impl_->context.get();
  for (const Point& corner : corners) cairo_line_to(cr, corner.x, corner.y);
  cairo_close_path(cr);
  impl_->source(colour);
  cairo_fill_preserve(cr);
  impl_->source(edge);
  cairo_set_line_width(cr, edge_pt);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_MITER);
  cairo_stroke(cr);
  impl_->checked("draw a polygon");
}

void Canvas::Impl::image(const Rect& area, const Surface& picture, cairo_filter_t filter) {
  cairo_t* cr = context.get();
  cairo_save(cr);
  cairo_translate(cr, area.x, area.y);
  cairo_scale(cr, area.width / cairo_image_surface_get_width(picture.get()),
              area.height / cairo_image_surface_get_height(picture.get()));
  cairo_set_source_surface(cr, picture.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cr), filter);
  // Smoothing must not mix the page's white into the picture's edge; printers' formats do not need telling.
  if (format == Format::kPng) cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
  cairo_rectangle(cr, 0, 0, cairo_image_surface_get_width(picture.get()),
                  cairo_image_surface_get_height(picture.get()));
  cairo_fill(cr);
  cairo_restore(cr);
  checked("draw an image");
}

void Canvas::photograph(const Rect& area, std::span<const std::uint8_t> rgb, int side) {
  if (side < 1 || rgb.size() != static_cast<std::size_t>(side) * static_cast<std::size_t>(side) * 3)
    throw std::invalid_argument("photograph: " + std::to_string(rgb.size()) + " bytes, side " +
                                std::to_string(side));
  const Surface picture = image_of(side, side, [rgb](std::size_t i) {
    return Rgb{rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]};
  });
  impl_->image(area, picture, CAIRO_FILTER_GOOD);
}

void Canvas::pixels(const Rect& area, std::span<const Rgb> colours, int width, int height) {
  if (width < 1 || height < 1 ||
      colours.size() != static_cast<std::size_t>(width) * static_cast<std::size_t>(height))
    throw std::invalid_argument("pixels: " + std::to_string(colours.size()) + " colours, " +
                                std::to_string(width) + " x " + std::to_string(height));
  impl_->image(area, image_of(width, height, [colours](std::size_t i) { return colours[i]; }),
               CAIRO_FILTER_NEAREST);
}

Text Canvas::Impl::layout_of(const std::string& text, double size_pt) {
  Text layout(pango_cairo_create_layout(context.get()));
  // Without hinting text is as wide in a PNG as in a PDF, so one layout serves all formats.
  const FontOptions options(cairo_font_options_create());
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  check(cairo_font_options_status(options.get()), "choose a font");
  pango_cairo_context_set_font_options(pango_layout_get_context(layout.get()), options.get());
  // Glyphs would stand on whole points otherwise, unevenly.
  pango_context_set_round_glyph_positions(pango_layout_get_context(layout.get()), FALSE);
  const Font font(pango_font_description_new());
  pango_font_description_set_family_static(font.get(), "DejaVu Sans");
  pango_font_description_set_absolute_size(font.get(), size_pt * PANGO_SCALE);
  pango_layout_set_font_description(layout.get(), font.get());
  pango_layout_set_single_paragraph_mode(layout.get(), TRUE);
  pango_layout_set_text(layout.get(), valid_utf8(text).c_str(), -1);
  return layout;
}

Text Canvas::Impl::line(const std::string& text, double size_pt) {
  Text layout = layout_of(text, size_pt);
  if (pango_layout_get_unknown_glyphs_count(layout.get()) > 0 && !unreadable.contains(text))
    unreadable.emplace(text, packages_for(text));
  return layout;
}

std::string Canvas::Impl::packages_for(const std::string& text) {
  bool chinese_japanese_korean = false, others = false;
  const std::string valid = valid_utf8(text);
  for (const char* at = valid.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
    const char* const next = g_utf8_next_char(at);
    if (is_readable(std::string(at, next))) continue;
    const GUnicodeScript script = g_unichar_get_script(g_utf8_get_char(at));
    const bool east = script == G_UNICODE_SCRIPT_HAN || script == G_UNICODE_SCRIPT_HANGUL ||
                      script == G_UNICODE_SCRIPT_HIRAGANA || script == G_UNICODE_SCRIPT_KATAKANA ||
                      script == G_UNICODE_SCRIPT_BOPOMOFO;
    (east ? chinese_japanese_korean : others) = true;
  }
  if (!chinese_japanese_korean) return "fonts-noto-core";
  return others ? "fonts-noto-cjk fonts-noto-core" : "fonts-noto-cjk";
}

namespace {

struct Size {
  double width, height;
};

Size size_of(const Text& text) {
  int width = 0, height = 0;
  pango_layout_get_size(text.get(), &width, &height);
  return {static_cast<double>(width) / PANGO_SCALE, static_cast<double>(height) / PANGO_SCALE};
}

constexpr int kAllLines = 1000;

// Names of classifiers and files are words with underscores and slashes: those too long for a line are broken
// behind one of these, if they can be.
void let_names_break(const Text& text) {
  constexpr const char* kZeroWidthSpace = "\u200B";
  std::string breakable;
  for (const char* at = pango_layout_get_text(text.get()); *at != '\0'; ++at) {
    breakable += *at;
    if (*at == '_' || *at == '/') breakable += kZeroWidthSpace;
  }
  pango_layout_set_text(text.get(), breakable.c_str(), -1);
}

// Into lines of this width; the last one is cut where there would be more.
void wrap(const Text& text, double width_pt, int lines, Canvas::Align align) {
  if (size_of(text).width > width_pt) let_names_break(text);
  pango_layout_set_width(text.get(), static_cast<int>(width_pt * PANGO_SCALE));
  pango_layout_set_wrap(text.get(), PANGO_WRAP_WORD_CHAR);
  pango_layout_set_height(text.get(), -lines);
  pango_layout_set_ellipsize(text.get(), PANGO_ELLIPSIZE_END);
  // A name that is broken keeps its letters, and gets no more.
  const Attributes attributes(pango_attr_list_new());
  pango_attr_list_insert(attributes.get(), pango_attr_insert_hyphens_new(FALSE));
  pango_layout_set_attributes(text.get(), attributes.get());
  pango_layout_set_alignment(text.get(), align == Canvas::Align::kCentre  ? PANGO_ALIGN_CENTER
                                         : align == Canvas::Align::kRight ? PANGO_ALIGN_RIGHT
                                                                          : PANGO_ALIGN_LEFT);
}

void cut_to(const Text& text, double width_pt) {
  if (size_of(text).width <= width_pt) return;
  pango_layout_set_ellipsize(text.get(), PANGO_ELLIPSIZE_MIDDLE);
  pango_layout_set_width(text.get(), static_cast<int>(width_pt * PANGO_SCALE));
}

}  // namespace

void Canvas::Impl::show(const Text& text, double x, double y) {
  cairo_move_to(context.get(), x, y);
  pango_cairo_show_layout(context.get(), text.get());
  cairo_new_path(context.get());
  checked("write text");
}

double Canvas::fitted_size(const std::string& line, double width_pt, double size_pt) {
  const double width = size_of(impl_->line(line, size_pt)).width;
  // A hair less than what fits exactly, since widths are whole 1024ths of a point.
  return width <= width_pt ? size_pt : std::max(size_pt * width_pt / width * 0.999, size_pt * kSmallestShare);
}

void Canvas::text(const Rect& box, const std::string& line, double size_pt, const Rgb& colour) {
  const Text layout = impl_->line(line, size_pt);
  cut_to(layout, box.width);
  const Size size = size_of(layout);
  impl_->source(colour);
  impl_->show(layout, box.x + (box.width - size.width) / 2, box.y + (box.height - size.height) / 2);
}

void Canvas::text_right_of(double x, double y, const std::string& line, double size_pt) {
  const Text layout = impl_->line(line, size_pt);
  impl_->source({});
  impl_->show(layout, x, y - size_of(layout).height / 2);
}

void Canvas::text_upwards(double x, double y, double length_pt, const std::string& line, double size_pt,
                          int lines) {
  const Text layout = impl_->line(line, size_pt);
  if (lines > 1 && size_of(layout).width > length_pt)
    wrap(layout, length_pt, lines, Align::kCentre);
  else
    cut_to(layout, length_pt);
  const Size size = size_of(layout);
  impl_->source({});
  cairo_save(impl_->context.get());
  cairo_translate(impl_->context.get(), x, y);
  cairo_rotate(impl_->context.get(), -std::acos(0.0));
  impl_->show(layout, -size.width / 2, -size.height / 2);
  cairo_restore(impl_->context.get());
}

double Canvas::width_of(const std::string& line, double size_pt) {
  return size_of(impl_->line(line, size_pt)).width;
}

int Canvas::lines_of(const std::string& text, double width_pt, double size_pt) {
  const Text layout = impl_->line(text, size_pt);
  wrap(layout, width_pt, kAllLines, Align::kStart);
  return pango_layout_get_line_count(layout.get());
}

void Canvas::paragraph(const Rect& box, const std::string& text, double size_pt, int lines, Align align,
                       const Rgb& colour) {
  const Text layout = impl_->line(text, size_pt);
  wrap(layout, box.width, lines, align);
  PangoRectangle taken{};
  pango_layout_get_extents(layout.get(), nullptr, &taken);
  const double right = static_cast<double>(taken.x + taken.width) / PANGO_SCALE;
  impl_->source(colour);
  impl_->show(layout, align == Align::kRight ? box.right() - right : box.x, box.y);
}

void Canvas::text_over(double x, double y, const std::string& line, double size_pt) {
  constexpr double kOutline = 1.2;  // pt; half of it lies outside the letters
  const Text layout = impl_->line(line, size_pt);
  cairo_t* cr = impl_->context.get();
  impl_->source({255, 255, 255});
  cairo_set_line_width(cr, kOutline);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  cairo_move_to(cr, x, y);
  pango_cairo_layout_path(cr, layout.get());
  cairo_stroke(cr);
  impl_->source({40, 40, 40});
  impl_->show(layout, x, y);
}

const std::map<std::string, std::string>& Canvas::unreadable() const { return impl_->unreadable; }

std::string Canvas::finish() {
  impl_->checked("draw");
  if (impl_->format == Format::kPng)
    check(cairo_surface_write_to_png_stream(impl_->surface.get(), append, &impl_->bytes), "write a PNG");
  impl_->context.reset();
  cairo_surface_finish(impl_->surface.get());
  check(cairo_surface_status(impl_->surface.get()), "finish a page");
  return impl_->format == Format::kSvg ? renumbered(impl_->bytes) : impl_->bytes;
}

}  // namespace wcam

#ifdef __SANITIZE_ADDRESS__
// Fontconfig keeps what it found out about fonts until the process ends, which is no leak of ours.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\n"; }
extern "C" const char* __lsan_default_options() { return "print_suppressions=0"; }
#endif
