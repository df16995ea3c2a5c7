// Do training methods differ in kind or in degree?
//
// In degree only: one case's indices are those of another times a factor, so that every level has the same
// share of them. Two cases are called so when each level's mean difference in share, on the same unaltered
// images, is shown to be within the margin (two one-sided tests for every level: all must agree, so that no
// correction is needed) while the sums differ; in kind, when some level's share is shown to differ by more
// than the margin. Each level of each pair is one more look that may find this by chance: all are one family.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/maps/level_shares.h"
#include "analysis/report/sections.h"
#include "analysis/report/wording.h"
#include "analysis/statistics/jackknife.h"
#include "common/base/error.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

struct CaseProfiles {
  std::vector<ImageMeans> shares;                         // [levels + 1], by image
  ImageMeans log2_sum;                                    // of the indices
  ImageMeans apart;                                       // profiles of two images, by image (apart_of)
  std::map<std::uint32_t, const ExplainedMap*> by_image;  // the source's map
};

enum class Verdict : std::uint8_t { kKind, kDegree, kAlike, kOpen };

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kKind:
      return "in kind";
    case Verdict::kDegree:
      return "in degree only";
    case Verdict::kAlike:
      return "neither";
    case Verdict::kOpen:
      return "undecided";
  }
  invariant_broken("a verdict without words");
}

struct CasePair {
  std::size_t a = 0, b = 0;
  std::vector<Paired> levels;               // b less a, against the margin
  std::vector<std::optional<double>> same;  // p of equivalence
  Paired size;                              // log2 of the sums
  Paired apart;                             // profiles of two images; of the two cases, in levels
  Estimate noise;                           // two estimates of one profile
  Verdict verdict = Verdict::kOpen;

  // Some level's mean difference is.
  bool seems_beyond() const {
    return std::any_of(levels.begin(), levels.end(),
                       [](const Paired& level) { return std::abs(level.difference.value) > level.margin; });
  }
};

// Of estimates that share no design point: one profile's two are apart by noise alone.
double profile_distance(const ExplainedMap& a, const ExplainedMap& b) {
  if (a.independent_shares.empty() || b.independent_shares.empty()) return kUnknown;
  return (scale_shift(a.independent_shares.front(), b.independent_shares.back()).distance +
          scale_shift(b.independent_shares.front(), a.independent_shares.back()).distance) /
         2;
}

// How far a case's profiles of two images are apart, mean over all pairs. Pairs that share an image are not
// independent, so each image's value is its pseudo-value.
ImageMeans apart_of(const std::map<std::uint32_t, const ExplainedMap*>& by_image) {
  std::vector<const ExplainedMap*> maps;
  for (const auto& [image, map] : by_image)
    if (!map->independent_shares.empty()) maps.push_back(map);
  const std::vector<double> values = pair_pseudo_values(
      maps.size(), [&](std::size_t i, std::size_t j) { return profile_distance(*maps[i], *maps[j]); });
  ImageMeans apart;
  for (std::size_t i = 0; i < values.size(); ++i) apart.add(maps[i]->image, values[i]);
  return apart;
}

std::vector<CaseProfiles> gather(const Observations& found) {
  std::vector<CaseProfiles> cases(found.cases());
  for (CaseProfiles& one : cases) one.shares.resize(found.shares());
  for (const ExplainedMap& map : found.maps) {
    if (map.role != Role::kSource || !map.explained.contains(LabelKind::kPredicted)) continue;
    CaseProfiles& one = cases[map.case_index];
    for (std::size_t k = 0; k < found.shares(); ++k) one.shares[k].add(map.image, map.shares[k]);
    one.log2_sum.add(map.image, map.sum > 0 ? std::log2(map.sum) : kUnknown);
    one.by_image.emplace(map.image, &map);
  }
  for (CaseProfiles& one : cases) one.apart = apart_of(one.by_image);
  return cases;
}

// How far profiles of two cases are apart on one image, against those of one case on two images and of two
// estimates of one; of some pairs.
struct ProfileDistances {
  ImageMeans between, within, noise;

  void add(const CaseProfiles& a, const CaseProfiles& b) {
    for (const auto& [image, map] : a.by_image) {
      const auto other = b.by_image.find(image);
      if (other == b.by_image.end() || !a.apart.has(image) || !b.apart.has(image)) continue;
      between.add(image, profile_distance(*map, *other->second));
      within.add(image, (a.apart.of(image) + b.apart.of(image)) / 2);
      noise.add(image, (profile_distance(*map, *map) + profile_distance(*other->second, *other->second)) / 2);
    }
  }
  Paired apart() const { return paired(within, between); }
};

// So many images would bring the level within the margin, if its mean difference is what it seems: the usual
// approximation of two one-sided tests at 5 % with a power of 80 %.
std::size_t images_to_show_equivalence(const Paired& level, double margin) {
  const double room = margin - std::abs(level.difference.value);
  if (!(room > 0) || !(std::abs(level.ratio) > 0)) return 0;
  const double deviation = std::abs(level.difference.value / level.ratio);
  return std::max(kFewestImages,
                  static_cast<std::size_t>(std::ceil(std::pow((1.645 + 1.282) * deviation / room, 2))));
}

// So many would show a level of the pair to be beyond the margin, where one seems to be, else all to be
// within, if the differences are what they seem; 0: unknown.
std::size_t images_to_decide(const CasePair& pair) {
  const bool beyond = pair.seems_beyond();
  std::size_t fewest = 0, most = 0;
  for (std::size_t k = 0; k < pair.levels.size(); ++k) {
    const Paired& level = pair.levels[k];
    if (!beyond && pair.same[k] && *pair.same[k] <= kLevel) continue;  // is shown
    const std::size_t needed = beyond ? level.images_to_see_it_beyond(level.margin)
                                      : images_to_show_equivalence(level, level.margin);
    if (needed == 0 && !beyond) return 0;
    most = std::max(most, needed);
    if (needed > 0) fewest = fewest == 0 ? needed : std::min(fewest, needed);
  }
  return beyond ? fewest : most;
}

void decide(CasePair& pair) {
  const bool same = std::all_of(pair.same.begin(), pair.same.end(),
                                [](const std::optional<double>& p) { return p && *p <= kLevel; });
  const bool beyond = std::any_of(pair.levels.begin(), pair.levels.end(),
                                  [](const Paired& level) { return level.is_beyond(); });
  pair.verdict = beyond                          ? Verdict::kKind
                 : same && pair.size.is_beyond() ? Verdict::kDegree
                 : same                          ? Verdict::kAlike
                                                 : Verdict::kOpen;
}

// Also where nothing varies: a level without cells has no share in any image.
std::optional<double> p_of_equivalence(const std::vector<double>& differences, double margin) {
  const auto test = equivalence_test(differences, margin, resampling_for(differences.size()));
  if (test) return test->p;
  const bool all_zero = std::all_of(differences.begin(), differences.end(), [](double d) { return d == 0; });
  if (differences.size() >= kFewestImages && all_zero) return 0;
  return std::nullopt;
}

std::vector<CasePair> compare_all(const std::vector<CaseProfiles>& cases, double margin) {
  std::vector<CasePair> pairs;
  for (std::size_t a = 0; a < cases.size(); ++a)
    for (std::size_t b = a + 1; b < cases.size(); ++b) {
      CasePair pair;
      pair.a = a;
      pair.b = b;
      pair.size = paired(cases[a].log2_sum, cases[b].log2_sum, std::log2(kSizeMargin));
      for (std::size_t k = 0; k < cases[a].shares.size(); ++k) {
        pair.levels.push_back(paired(cases[a].shares[k], cases[b].shares[k], margin));
        const ImageMeans* both[] = {&cases[a].shares[k], &cases[b].shares[k]};
        auto values = in_common(both);
        for (std::size_t i = 0; i < values[0].size(); ++i) values[1][i] -= values[0][i];
        pair.same.push_back(p_of_equivalence(values[1], margin));
      }
      ProfileDistances distances;
      distances.add(cases[a], cases[b]);
      pair.apart = distances.apart();
      pair.noise = mean_of(distances.noise);
      pairs.push_back(std::move(pair));
    }
  std::vector<Paired*> levels, sizes, apart;
  for (CasePair& pair : pairs) {
    for (Paired& level : pair.levels) levels.push_back(&level);
    sizes.push_back(&pair.size);
    apart.push_back(&pair.apart);
  }
  correct(levels);
  correct(sizes);
  correct(apart);
  for (CasePair& pair : pairs) decide(pair);
  return pairs;
}

ReportTable levels_table(const std::vector<CasePair>& pairs, double margin, const Observations& found) {
  ColumnMeanings columns{{"case", "name of a classifier"},
                         {"other_case", "of another"},
                         {"level", "0: the approximation; else of the details, 1 the finest"},
                         {"images", "unaltered, explained under both"}};
  add_estimate_columns(columns, "difference",
                       "mean share of the level under the other less that under the case");
  add_estimate_columns(columns, "effect", "Hedges' g");
  columns.emplace_back("p", "two-sided sign-flip test against 0");
  columns.emplace_back("p_holm", "after Holm's correction over pairs and levels");
  columns.emplace_back("p_beyond_holm",
                       "sign-flip test against the margin, that the difference is beyond it, after Holm's "
                       "correction over pairs and levels; 1 within it");
  columns.emplace_back("p_equivalence", "two one-sided tests against the margin; at most 0.05: within it");
  columns.emplace_back("margin", "of equivalence, as given (--margin)");
  ReportTable table = make_table("kinds_levels.csv", columns);
  for (const CasePair& pair : pairs)
    for (std::size_t k = 0; k < pair.levels.size(); ++k) {
      const Paired& level = pair.levels[k];
      std::vector<Cell> row{found.case_name(pair.a), found.case_name(pair.b),
                            k == 0 ? 0LL : static_cast<long long>(found.shares() - k),
                            count_cell(level.difference.images)};
      add_cells(row, level);
      row.push_back(p_cell(level.p_beyond_holm));
      row.push_back(p_cell(pair.same[k]));
      row.emplace_back(margin);
      table.rows.push_back(std::move(row));
    }
  return table;
}

ReportTable pairs_table(const std::vector<CasePair>& pairs, const Observations& found) {
  ColumnMeanings columns{
      {"case", "name of a classifier"},
      {"other_case", "of another"},
      {"differ", "in kind, in degree only, neither, or undecided"},
      {"images", "unaltered, explained under both"},
      {"images_to_decide",
       "so many would show, four times in five, a level beyond the margin where one's "
       "difference is, else all within it, if differences are as they seem; empty: unknown"}};
  add_estimate_columns(columns, "log2_size", "of the other's summed indices over the case's");
  columns.emplace_back("p_holm", "sign-flip test of it against 0, after Holm's correction over pairs");
  columns.emplace_back("p_beyond_holm", "the same against a factor of " + decimal(kSizeMargin) +
                                            ", that it is larger, or smaller than its inverse");
  add_estimate_columns(
      columns, "between_cases",
      "distance of the two profiles of an image (Wasserstein of level shares), levels, with noise");
  add_estimate_columns(
      columns, "within_case",
      "the same between one case's profiles of two images, mean over all pairs of images and "
      "both cases");
  add_estimate_columns(columns, "between_less_within", "the first less the second");
  columns.emplace_back("between_less_within_p_holm",
                       "sign-flip test of it against 0, after Holm's correction over pairs of cases");
  add_estimate_columns(columns, "noise", "the same between two estimates of one profile");
  ReportTable table = make_table("kinds.csv", columns);
  for (const CasePair& pair : pairs) {
    std::vector<Cell> row{found.case_name(pair.a), found.case_name(pair.b), to_string(pair.verdict),
                          count_cell(pair.size.difference.images)};
    const std::size_t needed = images_to_decide(pair);
    row.push_back(needed > 0 ? count_cell(needed) : Cell(kUnknown));
    add_cells(row, pair.size.difference);
    row.push_back(p_cell(pair.size.p_holm));
    row.push_back(p_cell(pair.size.p_beyond_holm));
    for (const Estimate* estimate : {&pair.apart.second, &pair.apart.first, &pair.apart.difference})
      add_cells(row, *estimate);
    row.push_back(p_cell(pair.apart.p_holm));
    add_cells(row, pair.noise);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Chart chart_of(const std::vector<CasePair>& pairs, double margin, const Observations& found) {
  Chart chart;
  constexpr std::size_t kToldApart = 6;  // by the colours of cases
  chart.kind = pairs.size() > kToldApart ? Chart::Kind::kHeat : Chart::Kind::kDots;
  chart.name = "kinds_levels";
  chart.x_title = "Scale";
  chart.y_title = "Difference in share (percentage points)";
  for (const CasePair& pair : pairs) {
    ChartSeries series{title_of(pair.b, found) + " minus " + title_of(pair.a, found), {}};
    for (std::size_t k = 0; k < pair.levels.size(); ++k)
      series.points.push_back(level_point(k, pair.levels[k].difference, found));
    chart.series.push_back(std::move(series));
  }
  if (chart.kind == Chart::Kind::kDots) chart.lines = {{"margin", 100 * margin}, {"margin", -100 * margin}};
  chart.caption =
      "Difference of level shares between two cases on the same unaltered images, the first minus the "
      "second; within " +
      points(margin) + " they do not differ in kind" +
      (chart.kind == Chart::Kind::kHeat
           ? " (intervals: kinds_levels.csv)."
           : "; 95 % intervals over images, not corrected for the number of pairs and levels.");
  return chart;
}

// The level that differs most, of those that differ by more than the margin where there are any.
std::size_t level_of_most(const CasePair& pair) {
  std::size_t most = 0;
  const auto key = [&](std::size_t k) {
    return std::pair(pair.levels[k].is_beyond(), std::abs(pair.levels[k].difference.value));
  };
  for (std::size_t k = 1; k < pair.levels.size(); ++k)
    if (key(k) > key(most)) most = k;
  return most;
}

// " (p = 0.012 against the margin)", corrected, of a difference that seems beyond it and that so many images
// can show; `against` stands behind the first p of an answer.
std::string beyond_words(const Paired& result, std::string& against) {
  if (!result.p_beyond_holm || !(std::abs(result.difference.value) > result.margin) ||
      result.difference.images < fewest_images(result.family, kLevel))
    return "";
  return " (" + p_value(*result.p_beyond_holm) + std::exchange(against, "") + ")";
}

// "adv has 12 points [8, 16] more at level 3 than baseline (p = 0.012)".
std::string level_words(const CasePair& pair, std::string& against, const Observations& found) {
  const std::size_t most = level_of_most(pair);
  const Paired& level = pair.levels[most];
  const bool less = level.difference.value < 0;
  return found.case_name(pair.b) + " has " +
         with_points_interval(less ? negated(level.difference) : level.difference) +
         (less ? " less at " : " more at ") + level_of(most, found) + " than " + found.case_name(pair.a) +
         beyond_words(level, against);
}

std::string degree_words(const CasePair& pair, std::string& against, const Observations& found) {
  return found.case_name(pair.b) + " has summed indices " + with_interval(as_factor(pair.size.difference)) +
         " times those of " + found.case_name(pair.a) + beyond_words(pair.size, against);
}

// The largest difference first.
std::vector<const CasePair*> by_size(const std::vector<CasePair>& pairs) {
  std::vector<const CasePair*> order;
  for (const CasePair& pair : pairs) order.push_back(&pair);
  const auto size = [&](const CasePair* pair) {
    const double difference = std::abs(pair->levels[level_of_most(*pair)].difference.value);
    return std::isnan(difference) ? 0 : difference;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const CasePair* a, const CasePair* b) { return size(a) > size(b); });
  return order;
}

// Looks at the margin: one family.
std::size_t levels_tested(const std::vector<CasePair>& pairs) {
  std::size_t tested = 0;
  for (const CasePair& pair : pairs)
    tested += static_cast<std::size_t>(std::count_if(
        pair.levels.begin(), pair.levels.end(), [](const Paired& level) { return level.p.has_value(); }));
  return tested;
}

// " If differences are as they seem, about 31 images would show the first beyond the margin and 640 the 3
// pairs that seem within the margin to be so." `open`: undecided pairs, the largest difference first.
std::string needed_to_decide(const std::vector<const CasePair*>& open) {
  const auto is_told = [](std::size_t needed, const CasePair& pair) {
    return is_worth_telling(needed, pair.size.difference.images);
  };
  std::vector<std::string> told;
  if (!open.empty() && open.front()->seems_beyond())
    if (const std::size_t needed = images_to_decide(*open.front()); is_told(needed, *open.front()))
      told.push_back("about " + counted(needed, "image") + " would show the first beyond the margin");
  std::size_t most = 0, pairs = 0;
  bool known = true;
  for (const CasePair* pair : open) {
    if (pair->seems_beyond()) continue;
    const std::size_t needed = images_to_decide(*pair);
    known = known && needed > 0;
    most = std::max(most, needed);
    ++pairs;
  }
  if (pairs > 0 && known && is_told(most, *open.front()))
    told.push_back("about " + counted(most, "image") + (told.empty() ? " would show the " : " the ") +
                   (pairs == 1 ? std::string("pair that seems within the margin to be so")
                               : counted(pairs, "pair") + " that seem within the margin to be so"));
  return told.empty() ? "" : " If differences are as they seem, " + listed(told) + ".";
}

// Of pairs of which nothing is decided in kind, what the sums say of degree.
std::string sizes_sentence(const std::vector<const CasePair*>& open, std::string& against,
                           const Observations& found) {
  std::vector<std::string> beyond;
  std::size_t compared = 0;
  for (const CasePair* pair : open) {
    compared += pair->size.p ? 1 : 0;
    if (pair->size.is_beyond()) beyond.push_back(degree_words(*pair, against, found));
  }
  if (compared == 0) return "";
  const std::string factor = "a factor of " + decimal(kSizeMargin);
  if (beyond.empty())
    return " That summed indices differ by more than " + factor + " is shown of no pair of " +
           std::to_string(compared) + ".";
  return " Summed indices differ by more than " + factor + " in " + std::to_string(beyond.size()) + " of " +
         counted(compared, "pair") + ": " + few_listed(beyond, "kinds.csv") + ".";
}

std::string answer_of(const std::vector<CasePair>& pairs, double margin, const Observations& found) {
  std::vector<std::string> kind_texts, degree_texts, alike, open_texts, few;
  std::vector<const CasePair*> open;
  std::size_t images = 0, sizes_tested = 0;
  for (const CasePair& pair : pairs) sizes_tested += pair.size.p ? 1 : 0;
  std::string of_levels = " against the margin" + holm_words(levels_tested(pairs), "test"),
              of_sizes = " against a factor of " + decimal(kSizeMargin) + holm_words(sizes_tested, "test");
  for (const CasePair* told : by_size(pairs)) {
    const CasePair& pair = *told;
    const std::string names = found.case_name(pair.a) + " and " + found.case_name(pair.b);
    images = std::max(images, pair.size.difference.images);
    if (pair.levels.front().difference.images < kFewestImages) {
      few.push_back(names);
      continue;
    }
    if (pair.verdict == Verdict::kKind) kind_texts.push_back(level_words(pair, of_levels, found));
    if (pair.verdict == Verdict::kDegree) degree_texts.push_back(degree_words(pair, of_sizes, found));
    if (pair.verdict == Verdict::kAlike) alike.push_back(names);
    if (pair.verdict != Verdict::kOpen) continue;
    open_texts.push_back(level_words(pair, of_levels, found));
    open.push_back(told);
  }
  constexpr std::size_t kTold = 3;
  const std::string within = "every level's share within " + points(margin);
  std::string text;
  const auto add = [&](const std::vector<std::string>& names, const std::string& words) {
    if (names.empty()) return;
    const bool all = names.size() <= kTold;
    text += (text.empty() ? "" : " ") + words + ": " +
            listed(all ? names : std::vector<std::string>(names.begin(), names.begin() + kTold)) +
            (all ? "."
                 : "; the same holds of " + counted(names.size() - kTold, "other pair") + " of " +
                       std::to_string(pairs.size()) + " (kinds.csv).");
  };
  add(kind_texts, "They differ in kind, by more than " + points(margin) + " of some level's share");
  add(degree_texts, "They differ in degree only, " + within);
  add(alike, "Neither in kind nor shown to differ in degree, " + within);
  add(open_texts,
      "Whether they differ in kind, at some level beyond a margin of " + points(margin) + ", is undecided");
  if (!open.empty()) {
    const std::string unreachable = unreachable_words("difference in kind", images, levels_tested(pairs));
    text += (unreachable.empty() ? "" : " ") + unreachable + needed_to_decide(open) +
            sizes_sentence(open, of_sizes, found);
  }
  text +=
      !kind_texts.empty()
          ? " If the cases are training methods, this contradicts the published claim that these differ only "
            "quantitatively."
      : open.empty() && few.empty()
          ? " If the cases are training methods, this agrees with the published claim that these differ only "
            "quantitatively."
          : " If the cases are training methods, the published claim that these differ only quantitatively "
            "is "
            "neither confirmed nor refuted.";
  return text + too_few_of(few);
}

// " On one image the profiles of two cases lie 0.12 levels [0.10, 0.14] apart, ...": over all pairs.
std::string apart_words(const std::vector<CaseProfiles>& cases) {
  ProfileDistances distances;
  for (std::size_t a = 0; a < cases.size(); ++a)
    for (std::size_t b = a + 1; b < cases.size(); ++b) distances.add(cases[a], cases[b]);
  Paired apart = distances.apart();
  if (apart.difference.images < kFewestImages) return "";
  Paired* const alone[] = {&apart};
  correct(alone);
  const bool less = apart.difference.value < 0;
  const std::string p = apart.p ? ", " + p_value(*apart.p) : "";
  return " On one image the profiles of two cases lie " + with_interval(apart.second) +
         " levels apart, those of one case on two images " + with_interval(apart.first) +
         ", two estimates of one profile " + with_interval(mean_of(distances.noise)) + ": " +
         (apart.differs() ? std::string("cases differ ") + (less ? "less" : "more") + " than images do, by " +
                                with_interval(less ? negated(apart.difference) : apart.difference)
                          : "which differ more, cases or images, is not shown (difference " +
                                with_interval(apart.difference)) +
         (apart.differs() ? " (" : "; ") + counted(apart.difference.images, "image") + p + ").";
}

}  // namespace

Section kinds_section(const Observations& found, const ReportOptions& options) {
  Section section;
  section.id = "kinds";
  section.question = "Do training methods differ in kind or in degree?";
  const double margin = options.equivalence_margin;
  const std::vector<CaseProfiles> cases = gather(found);
  const std::vector<CasePair> pairs = compare_all(cases, margin);
  for (const CasePair& pair : pairs) section.images = std::max(section.images, pair.size.difference.images);
  if (found.cases() < 2)
    section.answer =
        "Nothing is asserted of one case: add another training method (wcam run --extend --cases).";
  else if (section.images < kFewestImages)
    section.answer =
        too_few_sentence(section.images, found, " whose unaltered form was explained under two cases");
  else
    section.answer = answer_of(pairs, margin, found) + apart_words(cases);
  add_chart(section.charts, chart_of(pairs, margin, found));
  section.tables = {pairs_table(pairs, found), levels_table(pairs, margin, found)};
  add_noise_doubts(section.doubts, found);
  section.doubts.push_back("The margin of " + points(margin) +
                           " is a choice: it has to be made before the results are seen.");
  section.doubts.push_back(
      "Profiles say at which scales a case decides, not where in the image: cases with equal profiles may "
      "look at "
      "other places.");
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
