#include "analysis/report/make_report.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/report/observations.h"
#include "analysis/report/sections.h"
#include "analysis/report/wording.h"
#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/study/perturbation.h"
#include "common/study/wcam_options.h"

namespace wcam {

LabelKind main_kind(const Observations& found) {
  const bool of_source = std::any_of(found.shifts.begin(), found.shifts.end(), [](const Shift& shift) {
    return shift.role == Role::kAltered && shift.kind == LabelKind::kSource;
  });
  return of_source ? LabelKind::kSource : LabelKind::kPredicted;
}

double floor_of(const Shift& shift, std::size_t measure) {
  return (shift.source_floor[measure] + shift.variant_floor[measure]) / 2;
}

bool is_a_shift(const Paired& distances) {
  return distances.differs() && (distances.difference.interval->first > kSmallestShift ||
                                 distances.difference.interval->second < -kSmallestShift);
}

std::string not_shown_words(const Paired& distances) {
  if (is_a_shift(distances))
    return distances.difference.value < 0 ? ", which is smaller"
                                          : ", but not where the noise of both maps is taken off";
  if (distances.differs())
    return ", but not all of the interval is beyond " + decimal(kSmallestShift) +
           ", which designs that all images share may make";
  return needed_words(distances.difference.value > 0 ? distances.images_to_see_it_beyond(kSmallestShift) : 0,
                      distances.difference.images);
}

bool size_differs(const Paired& log2_sizes) {
  return log2_sizes.differs() && (log2_sizes.difference.interval->first > std::log2(kSizeMargin) ||
                                  log2_sizes.difference.interval->second < -std::log2(kSizeMargin));
}

std::string noise_words(const Observations& found) {
  return found.noise == NoiseFrom::kReplicates ? "replicates" : "halves of one design";
}

void add_doubt(std::vector<std::string>& doubts, const std::string& doubt) {
  if (!doubt.empty()) doubts.push_back(doubt);
}

void add_chart(std::vector<Chart>& charts, Chart chart) {
  const bool is_known = std::any_of(chart.series.begin(), chart.series.end(), [](const ChartSeries& series) {
    return std::any_of(series.points.begin(), series.points.end(),
                       [](const ChartPoint& point) { return std::isfinite(point.y); });
  });
  if (is_known) charts.push_back(std::move(chart));
}

void add_design_doubts(std::vector<std::string>& doubts, const Observations& found) {
  if (found.noise != NoiseFrom::kNothing)
    doubts.push_back(found.noise == NoiseFrom::kReplicates
                         ? "All images share the same " + counted(found.plan.replicates, "design") +
                               ", so that intervals leave out the designs' own error, which only more "
                               "replicates reduce."
                         : "All images share one design, so that intervals leave out its own error, which "
                           "only replicates reduce.");
  const bool gradients = found.plan.wcam.estimator == Estimator::kGradient;
  if (gradients)
    doubts.push_back(
        "The indices come from gradients: the share of the worst level is off by some 0.07, however many "
        "points "
        "there are, which neither halves nor replicates show; where levels' shares decide, take another "
        "--estimator for a few images (docs/accuracy.md).");
  std::size_t doubtful = 0, above = 0, maps = 0;
  for (const ExplainedMap& map : found.maps) {
    doubtful += static_cast<std::size_t>(map.doubtful);
    above += static_cast<std::size_t>(map.above_one);
    maps += static_cast<std::size_t>(map.replicates);
  }
  if (doubtful > 0)
    doubts.push_back(
        "Of " + counted(maps, "map") + " " + std::to_string(doubtful) + (doubtful == 1 ? " is" : " are") +
        " doubtful" +
        (above == 0 ? "" : ", " + std::to_string(above) + " with an index above 1, which no Sobol index is") +
        (gradients ? "." : ": so few design points say little of a single map (--nb-design)."));
}

void add_noise_doubts(std::vector<std::string>& doubts, const Observations& found) {
  if (found.noise == NoiseFrom::kHalves)
    doubts.push_back(
        "There are no replicates: noise is taken from the two halves of each map's design points, and shifts "
        "are compared between such halves too, so that both are those of maps with half the points "
        "(--replicates 2 gives those of whole maps).");
  if (found.noise == NoiseFrom::kNothing)
    doubts.push_back("Nothing tells the noise of these maps: a design of " +
                     counted(found.plan.wcam.nb_design, "point") +
                     " cannot be halved (--replicates 2, or --nb-design 4).");
  add_design_doubts(doubts, found);
}

void add_distance_doubts(std::vector<std::string>& doubts, const Observations& found) {
  add_noise_doubts(doubts, found);
  if (found.noise != NoiseFrom::kNothing)
    doubts.push_back("A difference in distance is told only where all of its interval is beyond " +
                     decimal(kSmallestShift) + ".");
}

std::string unlike_words(const Observations& found) {
  const Overlap& shared = found.overlap;
  if (shared.unlike_profiles + shared.unlike_predictions == 0) return "";
  return "Of what several sweeps have, " + counted(shared.unlike_profiles, "WCAM") + " and " +
         counted(shared.unlike_predictions, "prediction") +
         " differ by more than rounding explains (other labels, or logits further apart than 3.8e-6 of the "
         "largest): they come from other processors, libraries or devices, or from other files.";
}

namespace {

// Of each case the images whose unaltered form was explained under it, where some case lacks some.
std::string lacking_words(const Observations& found) {
  std::vector<std::set<std::uint32_t>> explained(found.cases());
  for (const ExplainedMap& map : found.maps)
    if (map.role == Role::kSource) explained[map.case_index].insert(map.image);
  std::vector<std::string> each;
  bool lacks = false;
  for (std::size_t c = 0; c < found.cases(); ++c) {
    each.push_back(found.case_name(c) + " " + std::to_string(explained[c].size()));
    lacks = lacks || explained[c].size() < found.explained_images;
  }
  if (!lacks) return "";
  return "Not every image is explained under every case. Of " + counted(found.explained_images, "image") +
         ": " + listed(each) + "; cases are compared on the images that they share.";
}

void check(const ReportOptions& options, const Plan& plan) {
  if (!(options.equivalence_margin > 0 && options.equivalence_margin < 1))
    throw UsageError("a margin of equivalence of " + decimal(options.equivalence_margin, 3) +
                     " is outside 0 to 1");
  const std::string& reference = options.mce_reference;
  if (reference.empty() || reference == kAlexNet) return;
  if (std::none_of(plan.cases.begin(), plan.cases.end(),
                   [&](const CaseSpec& one) { return one.name == reference; }))
    throw UsageError("mCE relative to " + reference + ": it is no case of the sweep (" +
                     joined(plan.cases, [](const CaseSpec& one) { return one.name; }) + "), nor " + kAlexNet);
}

// What the rule of selection chose, in words.
std::string selection_words(const Plan& plan) {
  const SelectionSettings& selection = plan.selection;
  const std::string correct = selection.only_correct ? "; images that every case classifies rightly" : "";
  switch (selection.rule) {
    case SelectionRule::kListed:
      return "the images and variants that a file lists";
    case SelectionRule::kAll:
      return "all variants of each image" + correct;
    case SelectionRule::kPublished:
      return "images of which some variant changes the prediction of every case; of each at most " +
             counted(selection.max_altered, "such variant") + ", and under each case " +
             (selection.matched_controls
                  ? "for each a control that does not; all of them explained under every case"
                  : "at most " + std::to_string(selection.max_unaffected) + " that does not") +
             correct;
  }
  invariant_broken("a rule of selection without words");
}

std::string explained_words(const Observations& found) {
  std::set<std::tuple<std::uint32_t, std::uint16_t, std::uint16_t>> altered, unaffected;
  for (const ExplainedMap& map : found.maps)
    if (map.role != Role::kSource)
      (map.role == Role::kAltered ? altered : unaffected).emplace(map.image, map.case_index, map.variant);
  return std::to_string(altered.size()) + " that change the prediction (altered) and " +
         std::to_string(unaffected.size()) + " that do not (unaffected), of " +
         std::to_string(found.plan.variants.size()) + " x " + counted(found.explained_images, "image") +
         " x " + counted(found.cases(), "case");
}

// "244 maps x 2 replicates", fewer of a sweep that goes on or has been extended.
std::string maps_words(const Observations& found) {
  const auto replicates = static_cast<std::size_t>(found.plan.replicates);
  return std::to_string(found.profiles) + ": " + counted(found.maps.size(), "map") +
         (found.profiles == found.maps.size() * replicates ? " x " : " of up to ") +
         counted(replicates, "replicate");
}

std::string predicted_words(const Observations& found) {
  const std::size_t planned = found.plan.images.size(), predicted = found.images.size();
  const bool enough = found.explained_images >= static_cast<std::size_t>(found.plan.selection.sample_size);
  return std::to_string(predicted) + " of " + std::to_string(planned) +
         (predicted < planned && enough ? ", as many as the sample needed" : "");
}

std::vector<std::pair<std::string, std::string>> facts_of(const Observations& found) {
  const Plan& plan = found.plan;
  std::vector<std::string> cases, classes;
  for (const CaseSpec& one : plan.cases) cases.push_back(one.name);
  for (const LabelKind kind : kLabelKinds)
    if (plan.explain.contains(kind)) classes.push_back(to_string(kind));
  const std::string side = std::to_string(plan.input_size()), grid = std::to_string(plan.wcam.grid);
  return {
      {"images explained",
       std::to_string(found.explained_images) + " of " +
           std::to_string(std::max<std::size_t>(found.explained_images,
                                                static_cast<std::size_t>(plan.selection.sample_size))) +
           " asked for"},
      {"images predicted", predicted_words(found)},
      {"cases", listed(cases)},
      {has_severities(plan.perturbation) ? "corruptions" : "alterations",
       counted(plan.variants.size(), "variant") +
           (plan.perturbation == kCorruptions ? "" : " of " + plan.perturbation)},
      {"selection", selection_words(plan)},
      {"variants explained", explained_words(found)},
      {"WCAMs", maps_words(found)},
      {"classes explained", listed(classes)},
      {"design", counted(plan.wcam.nb_design, "point") + ", " + counted(plan.replicates, "replicate") + ", " +
                     std::string(to_string(plan.wcam.estimator)) + " estimator of " +
                     std::string(to_string(plan.wcam.order)) + " order"},
      {"grid", grid + " x " + grid + " cells, " + counted(plan.wcam.levels, "level")},
      {"input size", side + " x " + side + " pixels"},
      {"controls", plan.selection.matched_controls ? "matched" : "none"},
      {"true labels", found.labels_known ? "known" : "not known"},
      {"intervals", "95 % over images, by the studentised bootstrap"},
      {"tests", "sign flips of images' differences; p after Holm's correction over the family that is named"},
  };
}

// "A: study, sweep 1f0c63a2b9d4, 8 images explained, 3 cases, 192 WCAMs"; then what they share and lack.
std::vector<std::string> parts_of(const Study& study, const Observations& found) {
  std::vector<std::string> lines;
  for (const StudyPart& part : study.parts())
    lines.push_back(part.letter + ": " + part.name + ", sweep " + part.sweep_id.substr(0, 12) + ", " +
                    counted(part.images, "image") + " explained, " + counted(part.cases, "case") + ", " +
                    counted(part.profiles, "WCAM") + ".");
  const Overlap& shared = study.overlap();
  lines.push_back("In several of them: " + counted(shared.images, "explained image") + ", " +
                  counted(shared.cases, "case") + "; " + counted(shared.profiles, "WCAM") + " and " +
                  counted(shared.predictions, "prediction") +
                  (shared.profiles + shared.predictions == 0
                       ? " are there twice."
                       : " are there again, and count once, as in the first that has them."));
  if (const std::string unlike = unlike_words(found); !unlike.empty()) lines.push_back(unlike);
  if (const std::string lacking = lacking_words(found); !lacking.empty()) lines.push_back(lacking);
  for (const std::string& remark : study.remarks()) lines.push_back(remark);
  return lines;
}

}  // namespace

Report make_report(const Study& study, const ReportOptions& options) {
  if (study.plan()) check(options, *study.plan());
  const Observations found = observe(study);
  Report report;
  report.title = options.title.empty() ? study.title() : options.title;
  if (study.is_joined()) report.made_of = parts_of(study, found);
  report.facts = facts_of(found);
  if (const std::string id = study.parts().front().sweep_id; !study.is_joined() && !id.empty())
    report.facts.insert(report.facts.begin(), {"sweep", id.substr(0, 12)});
  report.sections = {robustness_section(found, options),
                     scales_section(found),
                     shift_section(found),
                     flips_section(found),
                     kinds_section(found, options),
                     corruptions_section(found),
                     trust_section(found)};
  for (Section& section : report.sections) section.in_short = in_short(section.answer);
  return report;
}

}  // namespace wcam
