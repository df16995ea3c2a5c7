#include "coordinator/commands/forecast.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "common/study/forward_plan.h"
#include "coordinator/queue/selection.h"

namespace wcam {

namespace {

constexpr double kUnmeasuredCompression = 0.7;  // photographs at 224 pixels: 0.4 to 0.9
constexpr double kFileBytes = 6'000,
                 kProfileFileBytes = 14'000;  // HDF5's own, of a file of predictions; of profiles
constexpr double kResultsPerFile = 64, kSecondsPerFile = 30,
                 kPredictSecondsPerFile = 2;  // worker/jobs/outbox
constexpr double kLedgerBytes = 61'440, kLedgerBytesPerJob = 300;

double count(std::size_t n) { return static_cast<double>(n); }

double sample_of(const Plan& plan) {
  return std::min(count(plan.images.size()), static_cast<double>(plan.selection.sample_size));
}

// Images put through the network, those that fill the last batch included.
double padded(std::uint64_t images, int batch_size) {
  return static_cast<double>(batches_of(static_cast<std::int64_t>(images), batch_size) * batch_size);
}

double unfinished(const Tally& tally) { return count(tally[JobState::kWaiting] + tally[JobState::kLeased]); }

// How many WCAMs there will be, whatever is predicted.
bool is_known(const Plan& plan) {
  return plan.selection.rule != SelectionRule::kPublished && !plan.selection.only_correct &&
         plan.explain.size() == 1;
}

// Images of the sample that predictions still to be made decide, at most.
double images_to_decide(const Plan& plan, const Prospect& prospect) {
  const Counts& counts = prospect.counts;
  if (counts.course == Course::kCancelled) return 0;
  return std::max(
      0.0,
      std::min(static_cast<double>(plan.selection.sample_size) - count(counts.images_selected),
               count(plan.images.size()) - count(counts.images_decided) - count(prospect.undecided_to_skip)));
}

void count_predictions(Forecast& f, const Plan& plan, const Prospect& prospect) {
  const bool as_it_comes = plan.selection.rule == SelectionRule::kPublished || plan.selection.only_correct;
  const double images = count(prospect.counts.images_decided) + f.to_decide,
               most_images = as_it_comes && f.to_decide > 0 ? count(plan.images.size()) : images;
  const auto left = [&](std::size_t of_image, double there, double to_do) {
    return Range{std::max(images * count(of_image) - there, to_do),
                 std::max(most_images * count(of_image) - there, to_do)};
  };
  const Tally& jobs = prospect.counts.predict;
  const std::size_t blocks = plan.predict_blocks().size();
  f.predict_jobs = left(plan.cases.size() * blocks, count(jobs.all()) - unfinished(jobs), unfinished(jobs));
  f.predict_forwards = left(plan.cases.size() * (plan.variants.size() + 1),
                            count(prospect.forwards_predicted), count(prospect.forwards_to_predict));
  const double mean = f.predict_jobs.high > 0 ? f.predict_forwards.high / f.predict_jobs.high
                                              : count(plan.variants.size() + 1) / count(blocks);
  f.forwards_per_predict = static_cast<std::uint64_t>(std::llround(mean));
}

void count_wcams(Forecast& f, const Plan& plan, const Prospect& prospect) {
  if (prospect.to_deepen > 0) {
    WcamSettings had = plan.wcam;
    had.nb_design = plan.earlier.back().nb_design;
    f.forwards_there =
        count(prospect.to_deepen) * static_cast<double>(forward_plan(had, plan.input_size()).row_forwards());
  }
  const double to_do = unfinished(prospect.counts.explain),
               of_image = static_cast<double>(most_wcams(plan)) / sample_of(plan),
               most = to_do + std::max(f.to_decide * of_image - count(prospect.wcams_of_undecided), 0.0);
  f.explain_jobs = {is_known(plan) ? most : std::max(to_do, count(prospect.to_deepen)), most};
}

// Share of the sweep's WCAMs under each case.
std::vector<double> shares_of_cases(const Plan& plan) {
  std::vector<double> shares(plan.cases.size(), 1.0 / count(plan.cases.size()));
  if (plan.selection.rule != SelectionRule::kListed) return shares;
  std::fill(shares.begin(), shares.end(), 0);
  double all = 0;
  for (const std::uint32_t list : plan.selection.list_of_image)
    for (const ListedWcam& wcam : plan.selection.lists[list]) ++shares[wcam.case_index], ++all;
  for (double& share : shares) share /= all;
  return shares;
}

// Of one of a WCAM's forwards; a gradient is made of three.
double forward_seconds(const CaseSpeed& speed, const Plan& plan) {
  return plan.wcam.estimator == Estimator::kGradient ? speed.gradient_seconds / kForwardsAGradient
                                                     : speed.image_seconds;
}

Forecast::CaseCost cost_of(const CaseSpeed& speed, const Measurement& m, const Forecast& f, const Plan& plan,
                           const Crew& crew) {
  const double one_variant = m.variants_seconds / (count(plan.variants.size()) + 1);
  const std::uint64_t forwards = f.forwards_per_wcam - f.forwards_per_ladder;
  const bool fills_batches = plan.wcam.estimator != Estimator::kGradient;
  return {speed.name, speed.load_seconds, speed.image_seconds,
          m.variants_seconds + padded(f.forwards_per_predict, crew.batch_size) * speed.image_seconds,
          one_variant +
              (fills_batches ? padded(forwards, crew.batch_size) : static_cast<double>(forwards)) *
                  forward_seconds(speed, plan) +
              padded(f.forwards_per_ladder, crew.batch_size) * speed.image_seconds};
}

// Seconds that one worker would take for everything by itself.
Range alone(const Measurement& m, const Forecast& f, const Plan& plan, const Crew& crew) {
  const std::vector<double> shares = shares_of_cases(plan);
  Range total;
  for (std::size_t c = 0; c < plan.cases.size(); ++c) {
    const Forecast::CaseCost cost = cost_of(m.cases.at(c), m, f, plan, crew);
    const double there = f.forwards_there * forward_seconds(m.cases.at(c), plan) * shares[c];
    total = total + f.predict_jobs * (cost.predict_seconds / count(plan.cases.size())) +
            f.explain_jobs * (cost.wcam_seconds * shares[c]) + Range{-there, -there};
  }
  return total;
}

void take_times(Forecast& f, const Plan& plan, std::span<const Measurement> measured, const Crew& crew) {
  if (measured.empty()) return;
  f.cases.resize(plan.cases.size());
  f.memory_bytes = 0;
  Range speed;  // of all workers together, in whole sweeps a second
  double loading = 0;
  for (const Measurement& m : measured) {
    f.memory_bytes = std::max(*f.memory_bytes, m.memory_bytes);
    double loads = 0;
    for (std::size_t c = 0; c < plan.cases.size(); ++c) {
      const Forecast::CaseCost cost = cost_of(m.cases.at(c), m, f, plan, crew);
      const double share = 1 / count(measured.size());
      f.cases[c].name = cost.name;
      f.cases[c].load_seconds += cost.load_seconds * share;
      f.cases[c].image_seconds += cost.image_seconds * share;
      f.cases[c].predict_seconds += cost.predict_seconds * share;
      f.cases[c].wcam_seconds += cost.wcam_seconds * share;
      loads += cost.load_seconds;
    }
    const Range seconds = alone(m, f, plan, crew);
    if (seconds.low > 0) speed.low += 1 / seconds.low;
    if (seconds.high > 0) speed.high += 1 / seconds.high;
    loading = std::max(loading, loads);
  }
  const auto together = [&](double sweeps_a_second) {
    return sweeps_a_second > 0 ? 1 / sweeps_a_second + loading : 0;
  };
  f.seconds = Range{together(speed.low), together(speed.high)};
}

// Pictures kept of the whole sample, of which each worker may store one copy.
Range pictures(const Plan& plan, const Range& explain_jobs) {
  const SelectionSettings& s = plan.selection;
  double most = 0;
  if (s.rule == SelectionRule::kListed) {
    for (const std::uint32_t list : s.list_of_image) {
      std::set<std::uint16_t> variants;
      for (const ListedWcam& wcam : s.lists[list]) variants.insert(wcam.variant);
      most += count(variants.size());
    }
  } else {
    most = sample_of(plan) * (1 + count(most_variants(plan)));
  }
  return {explain_jobs.low > 0 ? most : 0, most};
}

double text_bytes(const Plan& plan) {
  std::size_t image = 0, variant = 0, case_name = 0;
  for (const PlannedImage& i : plan.images) image = std::max(image, i.path.size());
  for (const std::string& v : plan.variants) variant = std::max(variant, v.size());
  for (const CaseSpec& c : plan.cases) case_name = std::max(case_name, c.name.size());
  return count(image + variant + case_name + plan.perturbation.size()) + 4;
}

double mean(const std::vector<Forecast::CaseCost>& cases, double Forecast::CaseCost::*seconds) {
  double sum = 0;
  for (const Forecast::CaseCost& c : cases) sum += c.*seconds;
  return cases.empty() ? 0 : sum / count(cases.size());
}

double results_per_file(double seconds_each, double seconds_per_file) {
  return seconds_each > 0 ? std::clamp(seconds_per_file / seconds_each, 1.0, kResultsPerFile)
                          : kResultsPerFile;
}

void take_bytes(Forecast& f, const Plan& plan, const Counts& counts, std::span<const Measurement> measured,
                const Crew& crew) {
  const double done_predict = count(counts.predict[JobState::kDone]);
  const double done_explain = count(counts.explain[JobState::kDone]);
  const Range predict = f.predict_jobs + Range{done_predict, done_predict};
  const Range explain = f.explain_jobs + Range{done_explain, done_explain};
  const double cells = plan.wcam.cells(), levels = plan.wcam.levels, text = text_bytes(plan);
  const double arrays = 4 * (2 * cells + count(forward_plan(plan.wcam, plan.input_size()).outputs()));
  const double numbers = 68 + 4 * (2 * (levels + 1) + 3 * levels + 1);
  const double prediction_numbers = 28,
               rows = count(plan.variants.size() + 1) / count(plan.predict_blocks().size());
  const double raw = 3.0 * plan.input_size() * plan.input_size();
  const double picture = measured.empty() ? kUnmeasuredCompression * raw : measured.front().picture_bytes;
  const Range kept = pictures(plan, explain);
  const double explain_files =
      1 / results_per_file(mean(f.cases, &Forecast::CaseCost::wcam_seconds), kSecondsPerFile);
  const double predict_files =
      1 / results_per_file(mean(f.cases, &Forecast::CaseCost::predict_seconds), kPredictSecondsPerFile);
  // Each worker stores a picture once. The cases' jobs fall to workers by chance.
  const double workers = crew.workers,
               copies = workers * (1 - std::pow(1 - 1 / workers, count(plan.cases.size())));
  f.segment_bytes = explain * (arrays + numbers + text + 40 + explain_files * kProfileFileBytes) +
                    predict * (rows * (prediction_numbers + text) + predict_files * kFileBytes) +
                    kept * (picture * copies);
  const double plan_bytes = count(to_json_text(plan).size());
  f.results_bytes = explain * (arrays + numbers) + predict * (rows * prediction_numbers) + kept * picture +
                    Range{plan_bytes, plan_bytes};
  f.ledger_bytes = (predict + explain) * kLedgerBytesPerJob + Range{kLedgerBytes, kLedgerBytes};
}

}  // namespace

Forecast forecast(const Plan& plan, const std::optional<Prospect>& begun,
                  std::span<const Measurement> measured, const Crew& crew) {
  const Prospect prospect = begun.value_or(Prospect{});
  Forecast f;
  f.sample = sample_of(plan);
  f.to_decide = images_to_decide(plan, prospect);
  const ForwardPlan forwards = forward_plan(plan.wcam, plan.input_size());
  f.forwards_per_wcam = static_cast<std::uint64_t>(forwards.all_forwards());
  f.forwards_per_ladder = forwards.ladder.size();
  count_predictions(f, plan, prospect);
  count_wcams(f, plan, prospect);
  take_times(f, plan, measured, crew);
  take_bytes(f, plan, prospect.counts, measured, crew);
  return f;
}

}  // namespace wcam
