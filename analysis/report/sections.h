// The sections of a report, each a pure function of what was observed.
#pragma once

#include "analysis/report/estimates.h"
#include "analysis/report/make_report.h"
#include "analysis/report/observations.h"
#include "analysis/report/report.h"

namespace wcam {

Section robustness_section(const Observations& found, const ReportOptions& options);
Section scales_section(const Observations& found);
Section shift_section(const Observations& found);
Section flips_section(const Observations& found);
Section kinds_section(const Observations& found, const ReportOptions& options);
Section corruptions_section(const Observations& found);
Section trust_section(const Observations& found);

// For which class shifts are told first: the source's where altered variants were explained for it, since
// then the class stays; else the predicted one.
LabelKind main_kind(const Observations& found);
// Mean of both maps' floors of a measure; unknown without a floor.
double floor_of(const Shift& shift, std::size_t measure);
// The main measure's place in kMeasures. It was chosen before any result: ranks do not depend on how
// uncertain an image's variance is, which scales a whole map.
inline constexpr std::size_t kMainMeasure = 0;
static_assert(kMeasures[kMainMeasure] == Measure::kSpearman);
// A distance beyond noise is told from this size on. Replicates are few, and the same designs for all images:
// what two designs happen to share does not average out over images, so that a difference of some 0.001 may
// be "shown" where nothing moved (benchmarks/RESULTS.md, planted_truths).
inline constexpr double kSmallestShift = 0.01;
// Of a difference of distances by the main measure: it is shown to be larger than that, or smaller than its
// negative.
bool is_a_shift(const Paired& distances);
// What is left to say of one that is not shown: that it differs from 0, but may do so by what the designs
// that all images share make; else how many images would show it, if it is larger.
std::string not_shown_words(const Paired& distances);
// Sums of indices that differ by less than this factor are called alike: with few design points a sum is
// biased, by how the outputs are distributed, by up to as much (benchmarks/RESULTS.md, planted_truths).
inline constexpr double kSizeMargin = 1.25;
// Of a difference in log2 of the sums: it is shown to be beyond that factor.
bool size_differs(const Paired& log2_sizes);
// What a noise floor is of: "replicates".
std::string noise_words(const Observations& found);
// What makes every mean over maps doubtful: the designs that all images share, and maps that say little.
void add_design_doubts(std::vector<std::string>& doubts, const Observations& found);
// What makes every statement about noise doubtful: where it is taken from, and these.
void add_noise_doubts(std::vector<std::string>& doubts, const Observations& found);
// What makes every comparison of maps doubtful: these, and how small a distance is none.
void add_distance_doubts(std::vector<std::string>& doubts, const Observations& found);
// How much of what several sweeps have differs between them by more than rounding; empty: nothing.
std::string unlike_words(const Observations& found);
// Added where it is not empty.
void add_doubt(std::vector<std::string>& doubts, const std::string& doubt);
// Added where some point of it is known.
void add_chart(std::vector<Chart>& charts, Chart chart);

}  // namespace wcam
