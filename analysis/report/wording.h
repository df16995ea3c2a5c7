// How a report writes numbers and lists, and its tables row by row.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analysis/report/estimates.h"
#include "analysis/report/observations.h"
#include "analysis/report/report.h"

namespace wcam {

// What is not finite is "not known", in these and in what has an interval.
std::string decimal(double value, int digits = 2);  // "0.41"; never "-0.00"
std::string percent(double share);                  // "41 %", below 10 % "4.1 %"
std::string points(double share);                   // "1.5 percentage points"
std::string p_value(double p);                      // "p = 0.012", "p < 0.001"
// "a, b, c and 4 more (kinds.csv)": as many as a sentence can hold, and where the others are.
std::string few_listed(const std::vector<std::string>& names, const std::string& table);
// " Nothing is asserted of a and b: fewer than 8 images."; empty of nobody.
std::string too_few_of(const std::vector<std::string>& names);
// The first sentence of a text without what stands in brackets, for whoever wants the answer before the
// numbers. What does not close its brackets is left as it is.
std::string in_short(const std::string& text);
// "0.41 [0.36, 0.47]", with more digits where the interval is narrow; without one the value alone.
std::string with_interval(const Estimate& estimate);
std::string with_percent_interval(const Estimate& estimate);  // "41 % [36, 47]"
std::string with_points_interval(const Estimate& estimate);   // "4 points [1, 7]"
std::string corrected_p(const Paired& result);                // "p < 0.001", after Holm's correction
// " after Holm's correction over 4 cases", behind the first p of several; nothing of a family of one.
std::string holm_words(std::size_t family, const std::string& one);

// "the approximation", "level 3" for the entries of a list of shares.
std::string level_of(std::size_t share, const Observations& found);
// "the predicted class".
std::string in_words(LabelKind kind);

// "spearman" of a column or file; "Spearman distance".
std::string id_of(Measure measure);
std::string in_words(Measure measure);

// "Nothing is asserted of 3 images: 8 are the fewest, so that 5 more are needed (wcam run --extend
// --sample-size 8)." `of` is what the images must have: "" or " with an altered variant". What it advises
// helps: a larger sample where planned images are left for it, else more images.
std::string too_few_sentence(std::size_t images, const Observations& found, const std::string& of = "");
// Whether it helps to know that so many images would show what `images` do not: not 100 times as many.
bool is_worth_telling(std::size_t needed, std::size_t images);
// "; about 120 images would show a difference of that size"; empty where that is not worth telling.
std::string needed_words(std::size_t needed, std::size_t images);
// "(all)", which is no case's name, of the mean over cases, whose index is as many as there are; else the
// name.
std::string case_or_all(std::size_t case_index, const Observations& found);
// The same as figures write it: "Adv. free" of adv_free.
std::string title_of(std::size_t case_index, const Observations& found);
// ", mean over 7 cases"; of one case nothing.
std::string over_cases(std::size_t cases);
// What is shown of the mean over cases, of one of them by itself.
struct CaseVerdict {
  std::size_t case_index = 0;
  const Paired* result = nullptr;
  bool shown = false;
};
// "; it is shown under 3 of 7 cases, each by itself (largest p = 0.041 after Holm's correction over 7 tests),
// not under adv (difference ..., p = 0.2)." and of which too few images say something; where one case is
// compared, a full stop alone.
std::string by_case_words(const std::vector<CaseVerdict>& cases, const std::string& table,
                          const Observations& found);
// "No difference of two cases can be shown by 9 images: 84 tests are corrected together, for which 12 are the
// fewest."; empty where enough are there, or too few for anything. `what`: "difference of two cases".
std::string unreachable_words(const std::string& what, std::size_t images, std::size_t family);
// What makes an answer from 8 to 19 images doubtful; else empty.
std::string few_images_doubt(std::size_t images);

using ColumnMeanings = std::vector<std::pair<std::string, std::string>>;
ReportTable make_table(const std::string& name, const ColumnMeanings& columns);
// Columns NAME, NAME_low and NAME_high.
void add_estimate_columns(ColumnMeanings& columns, const std::string& name, const std::string& meaning);
void add_cells(std::vector<Cell>& row, const Estimate& estimate);
// Difference, effect size, p and p after Holm's correction.
void add_cells(std::vector<Cell>& row, const Paired& tested);
Cell count_cell(std::size_t count);
Cell p_cell(const std::optional<double>& p);

ChartPoint chart_point(const std::string& label, double x, const Estimate& estimate);
// Of one level's share, in percent: 0 is the approximation.
ChartPoint level_point(std::size_t share, const Estimate& estimate, const Observations& found);

}  // namespace wcam
