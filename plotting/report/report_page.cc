#include "plotting/report/report_page.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <variant>

#include "analysis/statistics/stated.h"
#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/base/version.h"
#include "plotting/report/templates.h"

namespace wcam {

namespace {

using Data = kainjow::mustache::data;
using List = kainjow::mustache::list;
using Object = kainjow::mustache::object;

// Points a chart is drawn at; on the page it is as wide as the window lets it, so that 6.5 pt are read with
// ease.
constexpr double kWidePt = 468, kNarrowPt = 200;

std::string rendered(std::string_view text, const Object& data) {
  kainjow::mustache::mustache page{std::string(text)};
  std::string result = page.render(data);
  if (!page.is_valid()) invariant_broken("a template of reports: " + page.error_message());
  return result;
}

void replace_all(std::string& text, std::string_view before, const std::string& after) {
  for (std::size_t at = text.find(before); at != std::string::npos; at = text.find(before, at + after.size()))
    text.replace(at, before.size(), after);
}

// What stands between two texts, the second being looked for after the first.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t start = text.find(before), end = text.find(after, start + before.size());
  if (start == std::string::npos || end == std::string::npos)
    invariant_broken("an SVG of Cairo without " + before);
  return text.substr(start + before.size(), end - start - before.size());
}

// Cairo's SVG for one of the page's elements: its names are its own, and what it is called in files of their
// own is left out.
Data drawing(const Chart& chart, ChartOptions options, const std::string& window, double width_pt,
             const std::string& own) {
  options.format = Format::kSvg;
  options.width_pt = width_pt;
  const std::string svg = draw(chart, options);
  const std::string view_box = between(svg, "viewBox=\"", "\"");
  // The start tag ends with the box, or, before Cairo 1.18, with a version.
  const std::string from_box = svg.substr(svg.find("viewBox="));
  std::string body = between(from_box, ">\n", "\n</svg>");
  replace_all(body, "xlink:href=", "href=");
  replace_all(body, " id=\"", " id=\"" + own);
  replace_all(body, "\"#", "\"#" + own);
  replace_all(body, "url(#", "url(#" + own);
  return Object{{"window", window}, {"view_box", view_box}, {"body", body}};
}

// What is no number is left, a number right.
bool is_number(const Cell& cell) { return !std::holds_alternative<std::string>(cell); }

std::string cell_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* whole = std::get_if<long long>(&cell)) return std::to_string(*whole);
  const double value = std::get<double>(cell);
  return std::isnan(value) ? "–" : fmt::format("{:.4g}", value);
}

Data table_data(const ReportTable& table) {
  List columns, rows;
  for (std::size_t k = 0; k < table.columns.size(); ++k)
    columns.push_back(
        Object{{"name", table.columns[k]},
               {"meaning", table.meanings.at(k)},
               {"is_number", Data(!table.rows.empty() && is_number(table.rows.front().at(k)))}});
  const std::size_t shown = std::min(table.rows.size(), kShownRows);
  for (std::size_t row = 0; row < shown; ++row) {
    List cells;
    for (const Cell& cell : table.rows[row])
      cells.push_back(Object{{"text", cell_text(cell)}, {"is_number", Data(is_number(cell))}});
    rows.push_back(Object{{"cells", cells}});
  }
  return Object{{"name", table.name},
                {"columns", columns},
                {"rows", rows},
                {"row_count", counted(table.rows.size(), "row")},
                {"is_cut", Data(shown < table.rows.size())},
                {"shown", std::to_string(shown)}};
}

Data chart_data(const Chart& chart, const ChartOptions& options) {
  const List drawings{drawing(chart, options, "wide", kWidePt, chart.name + "-w-"),
                      drawing(chart, options, "narrow", kNarrowPt, chart.name + "-n-")};
  return Object{{"name", chart.name}, {"caption", chart.caption}, {"drawings", drawings}};
}

Data section_data(const Section& section, std::size_t number, const ChartOptions& options) {
  List charts, tables, doubts;
  for (const Chart& chart : section.charts) charts.push_back(chart_data(chart, options));
  for (const ReportTable& table : section.tables) tables.push_back(table_data(table));
  for (const std::string& doubt : section.doubts) doubts.push_back(doubt);
  return Object{{"id", section.id},
                {"number", std::to_string(number)},
                {"question", section.question},
                {"answer", section.answer},
                {"in_short", section.in_short},
                {"rests", Data(section.images >= kFewestImages)},
                {"images", counted(section.images, "image")},
                {"charts", charts},
                {"has_doubts", Data(!doubts.empty())},
                {"doubts", doubts},
                {"tables", tables}};
}

using Json = nlohmann::ordered_json;

Json json_of(const Chart& chart) {
  static const char* const kKinds[] = {"dots", "lines", "heat"};
  Json series = Json::array(), lines = Json::array();
  for (const ChartSeries& one : chart.series) {
    Json points = Json::array();
    for (const ChartPoint& point : one.points) {
      Json interval;
      if (point.interval) interval = {point.interval->first, point.interval->second};
      points.push_back({{"label", point.label}, {"x", point.x}, {"y", point.y}, {"interval", interval}});
    }
    series.push_back({{"name", one.name}, {"points", points}});
  }
  for (const ChartLine& line : chart.lines) lines.push_back({{"name", line.name}, {"y", line.y}});
  return {{"name", chart.name},       {"kind", kKinds[static_cast<std::size_t>(chart.kind)]},
          {"x_title", chart.x_title}, {"y_title", chart.y_title},
          {"series", series},         {"lines", lines},
          {"caption", chart.caption}};
}

Json json_of(const ReportTable& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json cells = Json::array();
    for (const Cell& cell : row) std::visit([&](const auto& value) { cells.push_back(value); }, cell);
    rows.push_back(cells);
  }
  return {{"name", table.name}, {"columns", table.columns}, {"meanings", table.meanings}, {"rows", rows}};
}

Json json_of(const Section& section) {
  Json charts = Json::array(), tables = Json::array();
  for (const Chart& chart : section.charts) charts.push_back(json_of(chart));
  for (const ReportTable& table : section.tables) tables.push_back(json_of(table));
  return {{"id", section.id},         {"question", section.question},
          {"answer", section.answer}, {"in_short", section.in_short},
          {"images", section.images}, {"doubts", section.doubts},
          {"charts", charts},         {"tables", tables}};
}

}  // namespace

std::string report_page(const Report& report, const ChartOptions& options) {
  List sections, facts, made_of;
  for (const Section& section : report.sections)
    sections.push_back(section_data(section, sections.size() + 1, options));
  for (const auto& [name, value] : report.facts) facts.push_back(Object{{"name", name}, {"value", value}});
  for (const std::string& line : report.made_of) made_of.push_back(line);
  return rendered(kPageTemplate, {{"title", report.title},
                                  {"is_joined", Data(!made_of.empty())},
                                  {"made_of", made_of},
                                  {"version", kVersion},
                                  {"style", std::string(kPageStyle)},
                                  {"has_facts", Data(!facts.empty())},
                                  {"facts", facts},
                                  {"sections", sections}});
}

std::string report_json(const Report& report) {
  Json facts = Json::array(), sections = Json::array();
  for (const auto& [name, value] : report.facts) facts.push_back({{"name", name}, {"value", value}});
  for (const Section& section : report.sections) sections.push_back(json_of(section));
  Json json{{"title", report.title}, {"version", kVersion}, {"facts", facts}, {"sections", sections}};
  if (!report.made_of.empty()) json["made_of"] = report.made_of;
  // What is not finite is null, what is not UTF-8 U+FFFD.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string columns_page(const Report& report) {
  List tables;
  for (const Section& section : report.sections)
    for (const ReportTable& table : section.tables) {
      List columns;
      for (std::size_t k = 0; k < table.columns.size(); ++k)
        columns.push_back(Object{{"name", table.columns[k]}, {"meaning", table.meanings.at(k)}});
      tables.push_back(Object{{"name", table.name}, {"columns", columns}});
    }
  return rendered(kColumnsTemplate, {{"tables", tables}});
}

}  // namespace wcam
