// What a report says: questions, each with an answer in a sentence made from the numbers, what is drawn for
// it, the numbers themselves, how many images they rest on, and what would make it wrong. Plain data:
// analysis/report makes it, plotting/report draws it and writes the page.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace wcam {

struct ChartPoint {
  std::string label;  // of a category; of a number, how the axis writes it
  double x = 0;       // where the axis is of numbers, else the category's place
  double y = 0;       // NaN: nothing is known there
  std::optional<std::pair<double, double>> interval;  // at 95 %
};

struct ChartSeries {
  std::string name;  // "baseline", as the legend says it
  std::vector<ChartPoint> points;
};

struct ChartLine {
  std::string name;  // "noise floor"
  double y = 0;
};

struct Chart {
  // Categories with intervals; over numbers; a matrix of series by points.
  enum class Kind { kDots, kLines, kHeat };
  Kind kind = Kind::kDots;
  std::string name;              // of its files: "robustness_error_by_severity"
  std::string x_title, y_title;  // with units
  std::vector<ChartSeries> series;
  std::vector<ChartLine> lines;
  std::string caption;  // ready to paste
};

using Cell = std::variant<std::string, double, long long>;  // a NaN is an empty field
struct ReportTable {
  std::string name;  // of its file: "robustness.csv"
  std::vector<std::string> columns;
  std::vector<std::string> meanings;  // one a column: quantity, unit, range
  std::vector<std::vector<Cell>> rows;
};

struct Section {
  std::string id;        // "robustness"
  std::string question;  // "How robust is each case?"
  std::string answer;    // in sentences, with all numbers
  std::string in_short;  // the first of them without what stands in brackets
  // That it rests on; below kFewestImages the answer asserts nothing.
  std::size_t images = 0;
  std::vector<std::string> doubts;  // what would make it wrong, a sentence each
  std::vector<Chart> charts;
  std::vector<ReportTable> tables;
};

struct Report {
  std::string title;                 // the sweep's name
  std::vector<std::string> made_of;  // of a joined study: its sweeps, what they share and what they lack
  std::vector<std::pair<std::string, std::string>> facts;  // "images" to "17 of 200", what was asked and done
  std::vector<Section> sections;
};

}  // namespace wcam
