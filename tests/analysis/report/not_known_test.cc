// What is not known is said to be: no report prints what a computer calls it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <string>
#include <variant>
#include <vector>

#include "analysis/report/make_report.h"
#include "tests/analysis/report/part_of_sweep.h"
#include "tests/analysis/report/planted_sweep.h"
#include "tests/temporary_folder.h"

namespace wcam::planted {
namespace {

struct Odd {
  std::string name;
  Truth truth;
  Part part;
};

std::vector<Odd> odd_sweeps() {
  const auto of = [](int images, int cases) {
    Truth truth;
    truth.images = images;
    truth.cases = cases;
    return truth;
  };
  Truth two_points = of(9, 2), single = of(9, 1);
  two_points.replicates = 1;
  two_points.nb_design = 2;
  single.replicates = 1;
  const auto is_late = [](const std::string& image) { return image > "image1002.png"; };
  return {
      {"usual", of(9, 3), {}},
      {"two design points", two_points, {}},
      {"one case, one design", single, {}},
      {"nothing",
       of(9, 2),
       {.profile = [](ProfileRow&) { return false; }, .prediction = [](PredictionRow&) { return false; }}},
      {"predictions alone", of(9, 2), {.profile = [](ProfileRow&) { return false; }}},
      {"sources alone", of(9, 2), {.profile = [](ProfileRow& row) { return row.role == Role::kSource; }}},
      {"the first case has not begun",
       of(9, 2),
       {.profile = [](ProfileRow& row) { return row.case_name != "baseline"; },
        .prediction = [](PredictionRow& row) { return row.case_name != "baseline"; }}},
      {"a case with three images",
       of(12, 3),
       {.profile = [=](ProfileRow& row) { return row.case_name != "other1" || !is_late(row.image); },
        .prediction = [=](PredictionRow& row) { return row.case_name != "other1" || !is_late(row.image); }}},
      {"cases without an image in common",
       of(18, 2),
       {.profile =
            [](ProfileRow& row) { return (row.case_name == "baseline") == (row.image < "image1009.png"); },
        .prediction =
            [](PredictionRow& row) {
              return (row.case_name == "baseline") == (row.image < "image1009.png");
            }}},
      {"maps without an index",
       of(9, 2),
       {.profile =
            [](ProfileRow& row) {
              std::fill(row.wcam.begin(), row.wcam.end(), 0.0F);
              return true;
            }}},
      {"maps of one case all alike",
       of(9, 2),
       {.profile =
            [](ProfileRow& row) {
              if (row.case_name == "other1") std::fill(row.wcam.begin(), row.wcam.end(), 0.5F);
              return true;
            }}},
      {"errors that are infinite",
       of(9, 2),
       {.profile =
            [](ProfileRow& row) {
              std::fill(row.standard_error.begin(), row.standard_error.end(), INFINITY);
              return true;
            }}},
      {"nothing is ever wrong",
       of(9, 2),
       {.prediction =
            [](PredictionRow& row) {
              row.label = 0;
              return true;
            }}},
      {"everything is wrong",
       of(9, 2),
       {.plan =
            [](Plan& plan) {
              for (PlannedImage& image : plan.images) image.true_label = 1;
            },
        .prediction =
            [](PredictionRow& row) {
              row.label = 0;
              return true;
            }}},
      {"true labels unknown",
       of(9, 2),
       {.plan =
            [](Plan& plan) {
              for (PlannedImage& image : plan.images) image.true_label.reset();
            }}},
  };
}

// Every text that people read, of sections and figures, and the numbers that tables print.
std::vector<std::string> texts_of(const Report& report) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : report.facts) texts.push_back(name + ": " + value);
  for (const Section& section : report.sections) {
    texts.push_back(section.answer);
    texts.insert(texts.end(), section.doubts.begin(), section.doubts.end());
    for (const Chart& chart : section.charts) {
      texts.push_back(chart.caption);
      for (const ChartSeries& series : chart.series) texts.push_back(series.name);
    }
    for (const ReportTable& table : section.tables)
      for (const auto& row : table.rows)
        for (std::size_t k = 0; k < row.size(); ++k) {
          if (const auto* text = std::get_if<std::string>(&row[k])) texts.push_back(*text);
          const auto* number = std::get_if<double>(&row[k]);
          if (number && std::isinf(*number))
            texts.push_back("inf in " + table.name + ", " + table.columns[k]);
        }
  }
  return texts;
}

TEST(Reports, SayWhatIsNotKnownInWords) {
  const std::regex machine_words("(^|[^a-z])-?(nan|inf|infinity)([^a-z]|$)", std::regex::icase);
  ASSERT_TRUE(std::regex_search("12 [nan, 3]", machine_words));
  for (const Odd& odd : odd_sweeps()) {
    const TemporaryFolder folder;
    write_sweep(folder.path() / "whole", odd.truth);
    write_part(folder.path() / "whole", folder.path() / "odd", odd.part);
    const Report report = make_report(Study(Results::open(folder.path() / "odd")), {});
    for (const std::string& text : texts_of(report)) {
      EXPECT_FALSE(std::regex_search(text, machine_words)) << odd.name << ": " << text;
      EXPECT_EQ(text.find("not known ["), std::string::npos) << odd.name << ": " << text;
    }
    for (const Section& section : report.sections) {
      EXPECT_EQ(section.answer.back(), '.') << odd.name << ": " << section.answer;
      EXPECT_NE(section.answer.front(), ' ') << odd.name << ": " << section.answer;
      EXPECT_EQ(section.answer.find("not known"), std::string::npos) << odd.name << ": " << section.answer;
    }
  }
}

}  // namespace
}  // namespace wcam::planted
