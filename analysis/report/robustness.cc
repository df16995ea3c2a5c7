// How robust is each case? By the labels that it predicts for variants: wrong ones where the true label is
// known, else ones that differ from the source's.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/report/alexnet.h"
#include "analysis/report/sections.h"
#include "analysis/report/wording.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

constexpr Bounds kShare{0, 1}, kRise{-1, 1};

struct Count {
  std::size_t failed = 0, images = 0;
};

struct CaseRobustness {
  ImageMeans flips, wrong, beyond;  // of an image's variants
  ImageMeans clean, clean_beyond;   // 1: the unaltered image is wrong; not among the five largest
  ImageMeans rise;                  // wrong less clean
  std::map<std::string, ImageMeans> failed_by_corruption;
  std::map<int, ImageMeans> failed_by_severity;
  std::map<std::pair<std::string, int>, Count> flipped_at, wrong_at, beyond_at;  // corruption and severity
};

bool failed(const Prediction& one, const Observations& found) {
  return found.labels_known ? one.wrong : one.flipped;
}

std::vector<CaseRobustness> gather(const Observations& found) {
  std::vector<CaseRobustness> cases(found.cases());
  const auto count = [](Count& at, bool in) {
    at.failed += in ? 1 : 0;
    ++at.images;
  };
  for (const Prediction& one : found.predictions) {
    CaseRobustness& at = cases[one.case_index];
    if (one.variant == 0) {
      if (found.labels_known) at.clean.add(one.image, one.wrong ? 1 : 0);
      if (found.five_known) at.clean_beyond.add(one.image, one.beyond ? 1 : 0);
      continue;
    }
    const Variant& variant = found.variants[one.variant];
    const std::pair place(variant.name, variant.severity);
    at.flips.add(one.image, one.flipped ? 1 : 0);
    at.failed_by_corruption[variant.name].add(one.image, failed(one, found) ? 1 : 0);
    if (variant.severity > 0)
      at.failed_by_severity[variant.severity].add(one.image, failed(one, found) ? 1 : 0);
    count(at.flipped_at[place], one.flipped);
    if (!found.labels_known) continue;
    at.wrong.add(one.image, one.wrong ? 1 : 0);
    count(at.wrong_at[place], one.wrong);
    if (!found.five_known) continue;
    at.beyond.add(one.image, one.beyond ? 1 : 0);
    count(at.beyond_at[place], one.beyond);
  }
  for (CaseRobustness& one : cases)
    for (std::size_t image = 0; image < one.wrong.places(); ++image)
      if (one.wrong.has(image) && one.clean.has(image))
        one.rise.add(static_cast<std::uint32_t>(image), one.wrong.of(image) - one.clean.of(image));
  return cases;
}

using Quantity = const ImageMeans CaseRobustness::*;

Quantity failures(const Observations& found) {
  return found.labels_known ? &CaseRobustness::wrong : &CaseRobustness::flips;
}

// Of numbers that are 1 or 0 of each image.
Estimate share_of_ones(const ImageMeans& in) {
  const std::vector<double> values = in.values();
  return share_of(static_cast<std::size_t>(std::count(values.begin(), values.end(), 1.0)), values.size());
}

Estimate clean_error(const CaseRobustness& one) { return share_of_ones(one.clean); }

ReportTable table_of(const std::vector<CaseRobustness>& cases, const Observations& found) {
  ColumnMeanings columns{
      {"case", "name of the classifier"},
      {"corruption",
       "what was done to the image, by its variants' name; all: the mean over an image's variants"},
      {"severity", "1 to 5; 0: all, or a family without severities; -1: the unaltered images"},
      {"images", "that were predicted"}};
  add_estimate_columns(columns, "flipped", "share of images with another label than the source's, 0 to 1");
  add_estimate_columns(columns, "error",
                       "share of images whose label is not the true one, 0 to 1; empty: true labels unknown");
  add_estimate_columns(
      columns, "top5_error",
      "share of images whose true label is not among the five largest, 0 to 1; empty: unknown");
  add_estimate_columns(columns, "rise",
                       "error less that of the same unaltered images, -1 to 1; of all variants only");
  ReportTable table = make_table("robustness.csv", columns);
  const auto add = [&](std::size_t c, const std::string& corruption, long long severity,
                       const Estimate& flipped, const Estimate& error, const Estimate& five,
                       const Estimate& rise = {}) {
    std::vector<Cell> row{found.case_name(c), corruption, severity,
                          count_cell(std::max(flipped.images, error.images))};
    for (const Estimate& estimate : {flipped, error, five, rise}) add_cells(row, estimate);
    table.rows.push_back(std::move(row));
  };
  const auto of = [](const Count& count) { return share_of(count.failed, count.images); };
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const CaseRobustness& one = cases[c];
    if (found.labels_known) add(c, "none", -1, {}, clean_error(one), share_of_ones(one.clean_beyond));
    add(c, "all", 0, mean_of(one.flips, kShare), mean_of(one.wrong, kShare), mean_of(one.beyond, kShare),
        mean_of(one.rise, kRise));
    for (const auto& [place, flipped] : one.flipped_at) {
      const auto wrong = one.wrong_at.find(place), beyond = one.beyond_at.find(place);
      add(c, place.first, place.second, of(flipped),
          wrong == one.wrong_at.end() ? Estimate() : of(wrong->second),
          beyond == one.beyond_at.end() ? Estimate() : of(beyond->second));
    }
  }
  return table;
}

// Mean corruption error of a case: mean over corruptions of its error over the reference's, both over all
// severities (D. Hendrycks and T. Dietterich, ICLR 2019, arXiv 1903.12261).
struct Mce {
  Estimate of;
  std::size_t corruptions = 0;        // that the mean is over
  std::vector<std::string> left_out;  // others that were predicted: the reference's error is not published
  std::string why_not;
};

constexpr const char* kPublished =
    "AlexNet's errors are published for ImageNet-C's fifteen corruptions, each over all five severities";

// Over all severities; nothing where not all of them were predicted here.
std::optional<double> published_error(const std::string& corruption, const Observations& found) {
  std::size_t severities = 0;
  for (const Variant& variant : found.variants)
    severities += variant.name == corruption && variant.severity > 0;
  return severities < kHighestSeverity ? std::nullopt : alexnet_error(corruption);
}

// reference: a case; nullptr: AlexNet.
Mce mce_of(const CaseRobustness& one, const CaseRobustness* reference, const Observations& found) {
  Mce mce;
  std::vector<const ImageMeans*> columns;
  std::vector<double> published;
  for (const auto& [name, errors] : one.failed_by_corruption) {
    if (reference) {
      const auto of_reference = reference->failed_by_corruption.find(name);
      if (of_reference == reference->failed_by_corruption.end()) {
        mce.why_not = "the reference was not predicted under " + name;
        return mce;
      }
      columns.insert(columns.end(), {&errors, &of_reference->second});
    } else if (const auto known = published_error(name, found)) {
      columns.push_back(&errors);
      published.push_back(*known);
    } else {
      mce.left_out.push_back(name);
      continue;
    }
    ++mce.corruptions;
  }
  if (mce.corruptions == 0) {
    mce.why_not = one.failed_by_corruption.empty() ? "no variant was predicted"
                                                   : std::string(kPublished) + ": none was predicted so";
    return mce;
  }
  const auto values = in_common(columns);
  ImageRows rows;
  rows.width = columns.size();
  for (std::size_t image = 0; image < values.front().size(); ++image)
    for (const auto& column : values) rows.values.push_back(column[image]);
  const std::size_t images = values.front().size();
  const auto ratio = [&](std::span<const double> means) {
    double sum = 0;
    for (std::size_t k = 0; k < mce.corruptions; ++k)
      sum += reference ? means[2 * k] / means[2 * k + 1] : means[k] / published[k];
    return sum / static_cast<double>(mce.corruptions);
  };
  std::vector<double> means;
  for (const auto& column : values) means.push_back(mean_of(column).value);
  const double value = images == 0 ? kUnknown : ratio(means);
  if (!std::isfinite(value)) {
    mce.of = {kUnknown, std::nullopt, images};
    mce.why_not = "the reference has a corruption without an error";
    return mce;
  }
  const auto interval = function_interval(rows, ratio, Bounds{0}, resampling_for(images));
  mce.of = estimate_of(interval, value, images);
  if (!interval) mce.why_not = interval.why_not();
  return mce;
}

// mCE of each case, in their order; of the reference itself it is 1 by definition, and left out.
std::vector<std::pair<std::size_t, Mce>> all_mces(const std::vector<CaseRobustness>& cases,
                                                  const CaseRobustness* of_reference,
                                                  const Observations& found) {
  std::vector<std::pair<std::size_t, Mce>> mces;
  for (std::size_t c = 0; c < cases.size(); ++c)
    if (&cases[c] != of_reference) mces.emplace_back(c, mce_of(cases[c], of_reference, found));
  return mces;
}

ReportTable mce_table(const std::vector<std::pair<std::size_t, Mce>>& mces, const std::string& reference,
                      const Observations& found) {
  ColumnMeanings columns{{"case", "name of the classifier"},
                         {"reference", "what its errors are divided by"},
                         {"images", "that were predicted"},
                         {"corruptions", "how many the mean is over"}};
  add_estimate_columns(columns, "mce",
                       "mean over corruptions of error over the reference's error; 1: as the reference");
  columns.emplace_back("missing", "why there is none");
  ReportTable table = make_table("mce.csv", columns);
  for (const auto& [c, mce] : mces) {
    std::vector<Cell> row{found.case_name(c), reference, count_cell(mce.of.images),
                          count_cell(mce.corruptions)};
    add_cells(row, mce.of);
    row.emplace_back(mce.why_not);
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string mce_sentence(const std::vector<std::pair<std::size_t, Mce>>& mces, const std::string& reference,
                         const Observations& found) {
  std::vector<std::string> told;
  std::size_t corruptions = 0;
  for (const auto& [c, mce] : mces) {
    if (!mce.of.interval) continue;
    told.push_back(found.case_name(c) + " " + with_interval(mce.of));
    corruptions = mce.corruptions;
  }
  const std::string what =
      "ean corruption error relative to " + (reference == kAlexNet ? "AlexNet" : reference);
  if (!told.empty())
    return " M" + what + " (below 1: fewer errors), over " + counted(corruptions, "corruption") + ": " +
           few_listed(told, "mce.csv") + ".";
  // Whoever did not ask for one does not miss it.
  return reference == kAlexNet ? " There is no m" + what + ": " + mces.front().second.why_not + "." : "";
}

// Of what AlexNet's errors are not published for.
std::string left_out_doubt(const std::vector<std::pair<std::size_t, Mce>>& mces) {
  std::set<std::string> left_out;
  for (const auto& [c, mce] : mces) left_out.insert(mce.left_out.begin(), mce.left_out.end());
  if (left_out.empty()) return "";
  return std::string(kPublished) + ": mCE leaves out " + listed(left_out) + ".";
}

struct CasePair {
  std::size_t a = 0, b = 0;
  Paired failures, rise;  // b less a
};

std::vector<CasePair> pairs_of(const std::vector<CaseRobustness>& cases, const Observations& found) {
  std::vector<CasePair> pairs;
  for (std::size_t a = 0; a < cases.size(); ++a)
    for (std::size_t b = a + 1; b < cases.size(); ++b)
      pairs.push_back({a, b, paired(cases[a].*failures(found), cases[b].*failures(found)),
                       paired(cases[a].rise, cases[b].rise)});
  for (Paired CasePair::*result : {&CasePair::failures, &CasePair::rise}) {
    std::vector<Paired*> family;
    for (CasePair& pair : pairs) family.push_back(&(pair.*result));
    correct(family);
  }
  return pairs;
}

ReportTable pairs_table(const std::vector<CasePair>& pairs, const Observations& found) {
  ColumnMeanings columns{
      {"case", "name of a classifier"}, {"other_case", "of another"}, {"images", "that both predicted"}};
  add_estimate_columns(columns, "difference", "share failed by the other less that by the case, -1 to 1");
  add_estimate_columns(columns, "effect", "Hedges' g of the paired differences");
  columns.emplace_back("p", "two-sided sign-flip test of the paired differences");
  columns.emplace_back("p_holm", "the same after Holm's correction over all pairs");
  add_estimate_columns(
      columns, "rise_difference",
      "of the rise of robustness.csv: that of the other less that of the case, -2 to 2; empty: "
      "true labels unknown");
  add_estimate_columns(columns, "rise_effect", "Hedges' g of the paired differences");
  columns.emplace_back("rise_p", "two-sided sign-flip test of the paired differences");
  columns.emplace_back("rise_p_holm", "the same after Holm's correction over all pairs");
  ReportTable table = make_table("robustness_pairs.csv", columns);
  for (const CasePair& pair : pairs) {
    std::vector<Cell> row{found.case_name(pair.a), found.case_name(pair.b),
                          count_cell(pair.failures.difference.images)};
    add_cells(row, pair.failures);
    add_cells(row, pair.rise);
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string failure_words(const Observations& found) {
  return found.labels_known ? "Error (% of images)" : "Changed prediction (% of images)";
}

std::vector<Chart> charts_of(const std::vector<CaseRobustness>& cases, const Observations& found) {
  Chart severity, corruption;
  severity.kind = Chart::Kind::kLines;
  severity.name = "robustness_by_severity";
  severity.x_title = "Severity";
  corruption.kind = Chart::Kind::kDots;
  corruption.name = "robustness_by_corruption";
  corruption.x_title = "Corruption";
  severity.y_title = corruption.y_title = failure_words(found);
  for (std::size_t c = 0; c < cases.size(); ++c) {
    ChartSeries by_severity{title_of(c, found), {}}, by_corruption{title_of(c, found), {}};
    if (const Estimate clean = clean_error(cases[c]); clean.images > 0)
      by_severity.points.push_back(chart_point("0", 0, in_percent(clean)));
    for (const auto& [level, means] : cases[c].failed_by_severity)
      by_severity.points.push_back(
          chart_point(std::to_string(level), level, in_percent(mean_of(means, kShare))));
    double place = 0;
    for (const auto& [name, means] : cases[c].failed_by_corruption)
      by_corruption.points.push_back(chart_point(name, place++, in_percent(mean_of(means, kShare))));
    severity.series.push_back(std::move(by_severity));
    corruption.series.push_back(std::move(by_corruption));
  }
  const std::string what = found.labels_known ? "Share of images whose label is not the true one"
                                              : "Share of images whose label is not that of the source";
  severity.caption = what + ", by severity" + (found.labels_known ? " (0: unaltered)" : "") +
                     ", mean over corruptions; 95 % intervals over images.";
  corruption.caption = what + ", by corruption, mean over severities; 95 % intervals over images.";
  std::vector<Chart> charts;
  if (has_severities(found.plan.perturbation)) charts.push_back(std::move(severity));
  charts.push_back(std::move(corruption));
  return charts;
}

// The case with the smallest mean of a quantity, and how the others, in words, compare with it.
struct Ranking {
  std::size_t best = 0;
  std::vector<std::string> worse, alike, few;
  std::vector<std::string> without_best;  // pairs of others that differ, "adv less than baseline (p = 0.010)"
};

// name_of: a case with its numbers, "baseline (60 %". None where no case has enough images.
std::optional<Ranking> rank(const std::vector<CaseRobustness>& cases, const std::vector<CasePair>& pairs,
                            Quantity quantity, Paired CasePair::*result, const Observations& found,
                            const std::function<std::string(std::size_t)>& name_of) {
  Ranking ranking;
  std::vector<std::size_t> told;
  std::vector<double> means(cases.size());
  for (std::size_t c = 0; c < cases.size(); ++c) {
    means[c] = mean_of(cases[c].*quantity).value;
    if ((cases[c].*quantity).images() >= kFewestImages)
      told.push_back(c);
    else
      ranking.few.push_back(found.case_name(c));
  }
  if (told.empty()) return std::nullopt;
  ranking.best = *std::min_element(told.begin(), told.end(),
                                   [&](std::size_t a, std::size_t b) { return means[a] < means[b]; });
  const std::string& best = found.case_name(ranking.best);
  for (const std::size_t c : told) {
    if (c == ranking.best) continue;
    const auto pair = std::find_if(pairs.begin(), pairs.end(), [&](const CasePair& one) {
      return one.a == std::min(c, ranking.best) && one.b == std::max(c, ranking.best);
    });
    const Paired& compared = (*pair).*result;
    if (compared.difference.images < kFewestImages)
      ranking.few.push_back(found.case_name(c) + " against " + best);
    else if (compared.differs())
      ranking.worse.push_back(name_of(c) + "; " + corrected_p(compared) + ")");
    else
      ranking.alike.push_back(name_of(c) + ")");
  }
  for (const CasePair& pair : pairs) {
    const Paired& compared = pair.*result;
    if (pair.a == ranking.best || pair.b == ranking.best || !compared.differs()) continue;
    const bool less = compared.difference.value < 0;
    ranking.without_best.push_back(found.case_name(less ? pair.b : pair.a) + " less than " +
                                   found.case_name(less ? pair.a : pair.b) + " (" + corrected_p(compared) +
                                   ")");
  }
  return ranking;
}

// ", less often than a (...) and b (...); no difference from c (...) is shown; of the other pairs, a less
// than d (...) (p after Holm's correction over 6 pairs)".
std::string others(const Ranking& ranking, const std::string& less_than, std::size_t pairs) {
  std::string text;
  if (!ranking.worse.empty())
    text += ", " + less_than + " " + few_listed(ranking.worse, "robustness_pairs.csv");
  if (!ranking.alike.empty())
    text += "; no difference from " + few_listed(ranking.alike, "robustness_pairs.csv") + " is shown";
  if (!ranking.without_best.empty())
    text += "; of the other pairs, " + few_listed(ranking.without_best, "robustness_pairs.csv");
  if (pairs > 1 && !(ranking.worse.empty() && ranking.without_best.empty()))
    text += " (p after Holm's correction over " + counted(pairs, "pair") + ")";
  return text;
}

std::string failures_sentence(const std::vector<CaseRobustness>& cases, const std::vector<CasePair>& pairs,
                              const Observations& found) {
  const auto said = [&](std::size_t c) {
    return with_percent_interval(mean_of(cases[c].*failures(found), kShare));
  };
  const auto unaltered = [&](std::size_t c) {
    const Estimate clean = clean_error(cases[c]);
    return clean.images > 0 ? percent(clean.value) : "";
  };
  const auto ranking = rank(cases, pairs, failures(found), &CasePair::failures, found, [&](std::size_t c) {
    const std::string clean = unaltered(c);
    return found.case_name(c) + " (" + said(c) + (clean.empty() ? "" : ", unaltered " + clean);
  });
  const std::string clean = unaltered(ranking->best);
  return found.case_name(ranking->best) +
         (found.labels_known ? " is wrong on " : " changes its prediction for ") + said(ranking->best) +
         " of an image's " + (has_severities(found.plan.perturbation) ? "corrupted forms" : "variants") +
         (clean.empty() ? "" : " (" + clean + " of the unaltered images)") +
         others(*ranking, found.labels_known ? "a lower error under corruption than" : "less often than",
                pairs.size()) +
         "." + too_few_of(ranking->few);
}

std::string rise_sentence(const std::vector<CaseRobustness>& cases, const std::vector<CasePair>& pairs,
                          const Observations& found) {
  const auto ranking = rank(cases, pairs, &CaseRobustness::rise, &CasePair::rise, found, [&](std::size_t c) {
    return found.case_name(c) + " (" + decimal(100 * mean_of(cases[c].rise, kRise).value, 0) + " points";
  });
  if (!ranking) return "";
  return " Over that of the unaltered images the error rises by " +
         with_points_interval(mean_of(cases[ranking->best].rise, kRise)) + " under " +
         found.case_name(ranking->best) + others(*ranking, "less than under", pairs.size()) + ".";
}

}  // namespace

Section robustness_section(const Observations& found, const ReportOptions& options) {
  Section section;
  section.id = "robustness";
  section.question = "How robust is each case?";
  const std::vector<CaseRobustness> cases = gather(found);
  for (const CaseRobustness& one : cases)
    section.images = std::max(section.images, (one.*failures(found)).images());
  const std::vector<CasePair> pairs = pairs_of(cases, found);
  section.answer = section.images < kFewestImages ? too_few_sentence(section.images, found, " predicted")
                                                  : failures_sentence(cases, pairs, found);
  section.charts = charts_of(cases, found);
  section.tables = {table_of(cases, found), pairs_table(pairs, found)};
  if (found.labels_known) {
    const std::string reference = options.mce_reference.empty() ? found.case_name(0) : options.mce_reference;
    const CaseRobustness* of_reference = nullptr;
    for (std::size_t c = 0; c < cases.size(); ++c)
      if (found.case_name(c) == reference) of_reference = &cases[c];
    const auto mces = all_mces(cases, of_reference, found);
    section.tables.push_back(mce_table(mces, reference, found));
    if (section.images >= kFewestImages)
      section.answer += rise_sentence(cases, pairs, found) + mce_sentence(mces, reference, found);
    add_doubt(section.doubts, left_out_doubt(mces));
    if (!of_reference)
      section.doubts.push_back(
          "AlexNet's errors are those on the 50,000 validation images of ImageNet: an mCE relative to them "
          "means what is published only on the same images.");
    section.doubts.push_back(
        "Error under corruption includes the error that a case has without it. The rise leaves that out, but "
        "has less room where it is large.");
  } else {
    section.doubts.push_back(
        "True labels are not known, so that a changed prediction may be a corrected one (--labels).");
  }
  std::vector<const Paired*> tests;
  for (const CasePair& pair : pairs) tests.push_back(&pair.failures);
  add_doubt(section.doubts,
            unreachable_words("difference of two cases", section.images, largest_family(tests)));
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
