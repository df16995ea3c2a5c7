// How much of this can be trusted? Marks of too few design points, agreement of two estimates of one map, and
// what more images, replicates or design points would buy, from the variances that were measured.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "analysis/report/sections.h"
#include "analysis/report/wording.h"
#include "analysis/statistics/correlation.h"
#include "analysis/statistics/ranks.h"
#include "analysis/statistics/variance_components.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

// Of some maps, those of all replicates.
struct Whole {
  ImageMeans doubtful, above_one;
  std::size_t maps = 0, maps_doubtful = 0, maps_above_one = 0;
  std::map<std::string, std::size_t> doubts;  // so many maps have each mark
  ImageMeans agreement;                       // Spearman's correlation of two estimates of one map

  void add(const ExplainedMap& map) {
    doubtful.add(map.image, static_cast<double>(map.doubtful) / map.replicates);
    above_one.add(map.image, static_cast<double>(map.above_one) / map.replicates);
    maps += static_cast<std::size_t>(map.replicates);
    maps_doubtful += static_cast<std::size_t>(map.doubtful);
    maps_above_one += static_cast<std::size_t>(map.above_one);
    for (const auto& [doubt, count] : map.doubts) doubts[doubt] += static_cast<std::size_t>(count);
    agreement.add(map.image, 1 - map.floor[kMainMeasure]);
  }
};

struct CaseTrust {
  Whole all;
  ImageMeans largest_index, largest_error;
  std::vector<std::vector<std::vector<double>>> shares;  // [levels + 1][image][estimate], unaltered images
};

std::vector<CaseTrust> gather(const Observations& found) {
  std::vector<CaseTrust> cases(found.cases());
  for (CaseTrust& one : cases) one.shares.resize(found.shares());
  for (const ExplainedMap& map : found.maps) {
    CaseTrust& one = cases[map.case_index];
    one.all.add(map);
    one.largest_index.add(map.image, map.largest_index);
    one.largest_error.add(map.image, std::isfinite(map.largest_error) ? map.largest_error : kUnknown);
    if (map.role != Role::kSource || !map.explained.contains(LabelKind::kPredicted)) continue;
    for (std::size_t k = 0; k < found.shares() && !map.independent_shares.empty(); ++k) {
      std::vector<double> estimates;
      for (const auto& shares : map.independent_shares) estimates.push_back(shares[k]);
      one.shares[k].push_back(std::move(estimates));
    }
  }
  return cases;
}

// Standard errors of a level's mean share, and what would make them smaller.
struct Bought {
  std::size_t case_index = 0, level = 0;
  VarianceComponents found;
  double now = 0, twice_images = 0, twice_replicates = 0, four_times_points = 0;

  double cut_by_replicates() const { return 1 - twice_replicates / now; }  // by twice as many
  bool is_noise_alone() const { return found.between <= 0; }               // nothing of images is seen
};

std::vector<Bought> what_more_buys(const std::vector<CaseTrust>& cases, const Observations& found) {
  std::vector<Bought> bought;
  for (std::size_t c = 0; c < cases.size(); ++c)
    for (std::size_t k = 0; k < found.shares(); ++k) {
      const auto components = variance_components(cases[c].shares[k]);
      if (!components) continue;
      const auto images = static_cast<double>(components->images);
      const double replicates = components->replicates;
      bought.push_back({c, k, *components, predicted_standard_error(*components, images, replicates),
                        predicted_standard_error(*components, 2 * images, replicates),
                        predicted_standard_error(*components, images, 2 * replicates),
                        predicted_standard_error(*components, images, 4 * replicates)});
    }
  return bought;
}

// "an index above 1: 106, ...", the most frequent first.
std::string doubts_words(const std::map<std::string, std::size_t>& doubts) {
  std::vector<std::pair<std::string, std::size_t>> order(doubts.begin(), doubts.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return joined(order, [](const auto& one) { return one.first + ": " + std::to_string(one.second); });
}

ReportTable cases_table(const std::vector<CaseTrust>& cases, const Observations& found) {
  ColumnMeanings columns{{"case", "name of the classifier"},
                         {"images", "explained"},
                         {"maps", "of all replicates"},
                         {"maps_doubtful", "so many of them are doubtful (common/study/wcam_doubts.h)"},
                         {"maps_above_one", "so many have an index above 1"},
                         {"doubts", "so many have each mark, the most frequent first"}};
  add_estimate_columns(columns, "doubtful",
                       "share of an image's maps that are marked as doubtful, mean over images, 0 to 1");
  add_estimate_columns(columns, "above_one", "the same of maps with an index above 1");
  add_estimate_columns(columns, "largest_index",
                       "median over images of their maps' largest indices (an image's mean)");
  add_estimate_columns(columns, "largest_error",
                       "median over images of their maps' largest standard errors (an image's mean)");
  add_estimate_columns(
      columns, "agreement",
      "Spearman's correlation of two estimates of one map (replicates, or halves of N / 2 points), "
      "-1 to 1");
  ReportTable table = make_table("trust.csv", columns);
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const CaseTrust& one = cases[c];
    const Whole& all = one.all;
    std::vector<Cell> row{found.case_name(c),
                          count_cell(all.above_one.images()),
                          count_cell(all.maps),
                          count_cell(all.maps_doubtful),
                          count_cell(all.maps_above_one),
                          doubts_words(all.doubts)};
    for (const ImageMeans* means : {&all.doubtful, &all.above_one})
      add_cells(row, mean_of(*means, Bounds{0, 1}));
    for (const ImageMeans* means : {&one.largest_index, &one.largest_error})
      add_cells(row, median_of(*means));
    add_cells(row, mean_of(all.agreement));
    table.rows.push_back(std::move(row));
  }
  return table;
}

ReportTable bought_table(const std::vector<Bought>& bought, const Observations& found) {
  ColumnMeanings columns{
      {"case", "name of the classifier"},
      {"level", "0: the approximation; else of the details, 1 the finest"},
      {"images", "unaltered, with two estimates or more"},
      {"share", "mean share of the level"},
      {"sd_images", "standard deviation of true shares over images; 0: none is seen"},
      {"sd_noise",
       "standard deviation of one estimate (a replicate, or a half) round its image's true share"},
      {"intraclass", "how well one estimate agrees with another, at most 1"},
      {"error_now", "standard error of the mean share, with these images and estimates"},
      {"error_twice_images", "with twice as many images"},
      {"error_twice_replicates", "with twice as many replicates, or design points"},
      {"cut_twice_replicates",
       "by so much of itself they make the error smaller, 0 to 0.29; twice as many images: 0.29"},
      {"error_four_times_points", "with four times as many design points"}};
  ReportTable table = make_table("trust_more.csv", columns);
  for (const Bought& one : bought)
    table.rows.push_back({found.case_name(one.case_index),
                          one.level == 0 ? 0LL : static_cast<long long>(found.shares() - one.level),
                          count_cell(one.found.images), one.found.mean,
                          std::sqrt(std::max(0.0, one.found.between)), std::sqrt(one.found.within),
                          one.found.intraclass.estimate, one.now, one.twice_images, one.twice_replicates,
                          one.cut_by_replicates(), one.four_times_points});
  return table;
}

// Of one level's shares under two cases over images.
struct Correlation {
  std::size_t a = 0, b = 0, level = 0;
  double plain = kUnknown;
  Estimate corrected;
};

std::vector<Correlation> correlate(const Observations& found) {
  std::vector<std::map<std::uint32_t, const ExplainedMap*>> sources(found.cases());
  for (const ExplainedMap& map : found.maps)
    if (map.role == Role::kSource && map.explained.contains(LabelKind::kPredicted) &&
        map.independent_shares.size() > 1)
      sources[map.case_index].emplace(map.image, &map);
  std::vector<Correlation> correlations;
  for (std::size_t a = 0; a < found.cases(); ++a)
    for (std::size_t b = a + 1; b < found.cases(); ++b)
      for (std::size_t k = 0; k < found.shares(); ++k) {
        std::vector<double> first_a, second_a, first_b, second_b;
        for (const auto& [image, of_a] : sources[a]) {
          const auto of_b = sources[b].find(image);
          if (of_b == sources[b].end()) continue;
          first_a.push_back(of_a->independent_shares.front()[k]);
          second_a.push_back(of_a->independent_shares.back()[k]);
          first_b.push_back(of_b->second->independent_shares.front()[k]);
          second_b.push_back(of_b->second->independent_shares.back()[k]);
        }
        const std::size_t images = first_a.size();
        if (images < kFewestImages) continue;
        const auto plain = pearson(first_a, second_b);
        if (!plain) continue;
        const auto corrected = noise_corrected(first_a, second_a, first_b, second_b);
        correlations.push_back({a, b, k, *plain,
                                estimate_of(noise_corrected_interval(first_a, second_a, first_b, second_b),
                                            corrected ? *corrected : kUnknown, images)});
      }
  return correlations;
}

ReportTable correlations_table(const std::vector<Correlation>& correlations, const Observations& found) {
  ColumnMeanings columns{{"case", "name of a classifier"},
                         {"other_case", "of another"},
                         {"level", "0: the approximation; else of the details, 1 the finest"},
                         {"images", "unaltered, explained under both, with two estimates or more"},
                         {"correlation", "Pearson's over images, of one estimate of each share"}};
  add_estimate_columns(columns, "corrected",
                       "the same without the noise of both (C. Spearman 1904); beyond 1 by chance; empty: no "
                       "agreement to correct by");
  ReportTable table = make_table("trust_correlations.csv", columns);
  for (const Correlation& one : correlations) {
    std::vector<Cell> row{found.case_name(one.a), found.case_name(one.b),
                          one.level == 0 ? 0LL : static_cast<long long>(found.shares() - one.level),
                          count_cell(one.corrected.images), one.plain};
    add_cells(row, one.corrected);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Chart chart_of(const std::vector<CaseTrust>& cases, const Observations& found) {
  Chart chart;
  chart.kind = Chart::Kind::kDots;
  chart.name = "trust_agreement";
  chart.x_title = "Case";
  chart.y_title = "Agreement of two estimates (Spearman)";
  ChartSeries series{"two estimates of one map", {}};
  for (std::size_t c = 0; c < cases.size(); ++c)
    series.points.push_back(
        chart_point(title_of(c, found), static_cast<double>(c), mean_of(cases[c].all.agreement)));
  chart.series.push_back(std::move(series));
  chart.lines = {{"same map without noise", 1}};
  chart.caption = "Rank correlation of two estimates of one map (" + noise_words(found) +
                  "); mean over a case's maps; 95 % intervals over images.";
  return chart;
}

Chart bought_chart(const std::vector<Bought>& bought, const Observations& found) {
  Chart chart;
  chart.kind = Chart::Kind::kLines;
  chart.name = "trust_more";
  chart.x_title = "Times as many";
  chart.y_title = "Standard error (% of now)";
  ChartSeries images{"images", {}}, points_series{"design points", {}};
  for (const int times : {1, 2, 4, 8}) {
    std::vector<double> with_images, with_points;
    for (const Bought& one : bought) {
      const auto n = static_cast<double>(one.found.images);
      with_images.push_back(predicted_standard_error(one.found, times * n, one.found.replicates) / one.now);
      with_points.push_back(predicted_standard_error(one.found, n, times * one.found.replicates) / one.now);
    }
    if (bought.empty()) continue;
    const std::string label = std::to_string(times);
    images.points.push_back({label, static_cast<double>(times), 100 * median(with_images), {}});
    points_series.points.push_back({label, static_cast<double>(times), 100 * median(with_points), {}});
  }
  chart.series = {std::move(images), std::move(points_series)};
  chart.lines = {{"as it is", 100}, {"no error", 0}};
  chart.caption =
      "What more images, or more design points (or replicates) of each map, would buy: predicted standard "
      "error of a level's mean share on unaltered images over that of now, median over cases and levels, "
      "from "
      "the variances found (" +
      noise_words(found) + "). Twice as many images do the same for all; points do more where noise is more.";
  return chart;
}

constexpr double kRare = 0.1;

// "1.02 to 4.91" hundredths.
std::string range_words(const std::vector<double>& values, int digits) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const std::string first = decimal(100 * *low, digits), last = decimal(100 * *high, digits);
  return first == last ? last : first + " to " + last;
}

// What twice the images buy follows from their number alone; what twice the replicates buy does not.
std::string bought_words(const std::vector<Bought>& bought, const Observations& found) {
  std::vector<double> now, cuts;
  std::vector<std::string> as_good;
  for (const Bought& one : bought) {
    now.push_back(one.now);
    cuts.push_back(one.cut_by_replicates());
    if (one.is_noise_alone())
      as_good.push_back(level_of(one.level, found) + " under " + found.case_name(one.case_index));
  }
  const std::string more = found.noise == NoiseFrom::kReplicates ? "replicates" : "design points";
  const std::string text = " The standard error of a level's mean share over images is " +
                           range_words(now, 2) +
                           " percentage points, by case and level. Twice the images would make it " +
                           percent(1 - 1 / std::numbers::sqrt2) + " smaller, twice the " + more + " " +
                           range_words(cuts, 0) + " %";
  if (as_good.empty()) return text + ".";
  return text + "; in " + std::to_string(as_good.size()) + " of " + std::to_string(bought.size()) +
         " no spread of images is seen beyond noise, so that " + more + " help as much as images (" +
         few_listed(as_good, "trust_more.csv") + ").";
}

// A correlation whose interval is wider than half of -1 to 1 says nothing.
bool is_told(const Estimate& correlation) {
  return correlation.interval && correlation.interval->second - correlation.interval->first < 1;
}

// " Without its noise, a level's share correlates over images between two cases by 0.93 [0.80, 1.05] (level 2
// under baseline and adv, 17 images) to 0.99 ...": of those that can be told the least and the most.
std::string correlation_words(const std::vector<Correlation>& correlations, const Observations& found) {
  if (correlations.empty()) return "";
  std::vector<const Correlation*> stated;
  for (const Correlation& one : correlations)
    if (is_told(one.corrected)) stated.push_back(&one);
  const std::string table = " (trust_correlations.csv)";
  if (stated.empty())
    return " How a level's share correlates between cases without its noise cannot be told from so few "
           "images and estimates" +
           table + ".";
  const auto [least, most] = std::minmax_element(
      stated.begin(), stated.end(),
      [](const Correlation* a, const Correlation* b) { return a->corrected.value < b->corrected.value; });
  const auto words = [&](const Correlation& one) {
    return with_interval(one.corrected) + " (" + level_of(one.level, found) + " under " +
           found.case_name(one.a) + " and " + found.case_name(one.b) + ", " +
           counted(one.corrected.images, "image") + ")";
  };
  const bool above = (*most)->corrected.interval->second > 1;
  return " Without its noise, a level's share correlates over images between two cases by " + words(**least) +
         (*least == *most ? "" : " to " + words(**most)) + (above ? ", beyond 1 by chance" : "") +
         (stated.size() == correlations.size()
              ? ""
              : "; only " + std::to_string(stated.size()) + " of " + std::to_string(correlations.size()) +
                    " pairs and levels have an interval narrower than 1 and are told") +
         table + ".";
}

// "Doubtful by themselves are 276 of 335 maps (83 % [75, 89] of an image's; an index above 1: 120, ...)". Of
// what is rare no share: the interval of so few says nothing.
std::string doubtful_words(const Whole& whole) {
  const std::string maps = std::to_string(whole.maps);
  if (whole.maps_doubtful == 0) return "No map of " + maps + " is doubtful by itself";
  const bool rare = static_cast<double>(whole.maps_doubtful) < kRare * static_cast<double>(whole.maps);
  return "Doubtful by themselves are " + std::to_string(whole.maps_doubtful) + " of " + maps + " maps (" +
         (rare ? "" : with_percent_interval(mean_of(whole.doubtful, Bounds{0, 1})) + " of an image's; ") +
         doubts_words(whole.doubts) + ")";
}

std::string answer_of(const Whole& whole, const std::vector<Bought>& bought,
                      const std::vector<Correlation>& correlations, const Observations& found) {
  std::string text = doubtful_words(whole);
  if (whole.agreement.images() > 0)
    text += "; two estimates of one map (" + noise_words(found) + ") agree by a rank correlation of " +
            with_interval(mean_of(whole.agreement));
  text += ".";
  if (!bought.empty()) text += bought_words(bought, found);
  return text + correlation_words(correlations, found);
}

}  // namespace

Section trust_section(const Observations& found) {
  Section section;
  section.id = "trust";
  section.question = "How much of this can be trusted?";
  const std::vector<CaseTrust> cases = gather(found);
  Whole whole;
  for (const ExplainedMap& map : found.maps) whole.add(map);
  section.images = whole.above_one.images();
  const std::vector<Bought> bought = what_more_buys(cases, found);
  const std::vector<Correlation> correlations = correlate(found);
  section.answer = section.images < kFewestImages ? too_few_sentence(section.images, found)
                                                  : answer_of(whole, bought, correlations, found);
  for (Chart chart : {chart_of(cases, found), bought_chart(bought, found)})
    add_chart(section.charts, std::move(chart));
  section.tables = {cases_table(cases, found), bought_table(bought, found),
                    correlations_table(correlations, found)};
  add_noise_doubts(section.doubts, found);
  section.doubts.push_back(
      "More design points are taken to act like more replicates; those of a Sobol' sequence act better.");
  section.doubts.push_back(
      "Standard errors here are for images of the same kind: a sample of other photographs may differ by "
      "more.");
  add_doubt(section.doubts, unlike_words(found));
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
