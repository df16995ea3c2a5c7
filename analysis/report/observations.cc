#include "analysis/report/observations.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "analysis/indices/split_halves.h"
#include "analysis/maps/level_shares.h"
#include "common/base/error.h"
#include "common/study/forward_plan.h"
#include "common/study/wcam_doubts.h"

namespace wcam {

namespace {

Distances unknown_distances() {
  Distances distances;
  distances.fill(kUnknown);
  return distances;
}

// Names to numbers.
class Numbers {
 public:
  explicit Numbers(Observations& found) : found_(found) {
    for (std::size_t c = 0; c < found.cases(); ++c) cases_.emplace(found.case_name(c), c);
    variants_.emplace(kSourceVariant, 0);
    found.variants.push_back({"", std::string(kSourceVariant), 0});
    for (const std::string& name : found.plan.variants) {
      variants_.emplace(name, found.variants.size());
      found.variants.push_back(parse_variant(name));
    }
  }

  std::uint32_t image(const std::string& path) {
    const auto [at, added] = images_.emplace(path, found_.images.size());
    if (added) found_.images.push_back(path);
    return static_cast<std::uint32_t>(at->second);
  }
  std::uint16_t case_of(const std::string& name) const { return number(cases_, name, "case"); }
  std::uint16_t variant(const std::string& name) const { return number(variants_, name, "variant"); }

 private:
  using Table = std::unordered_map<std::string, std::size_t>;
  static std::uint16_t number(const Table& table, const std::string& name, const std::string& what) {
    const auto at = table.find(name);
    if (at == table.end())
      throw InputError("results of " + what + " " + name + ", which the plan does not have");
    return static_cast<std::uint16_t>(at->second);
  }

  Observations& found_;
  Table cases_, variants_, images_;
};

using Labels = std::vector<std::optional<std::int64_t>>;  // by image

// What each case predicts for unaltered images. Numbers these, too.
std::vector<Labels> read_source_labels(const Study& study, Numbers& numbers, const Plan& plan) {
  std::unordered_map<std::string, std::size_t> planned;
  for (const PlannedImage& image : plan.images) planned.emplace(image.path, planned.size());
  std::vector<Labels> labels(plan.cases.size(), Labels(plan.images.size()));
  std::set<std::size_t> predicted;
  study.for_each_prediction([&](PredictionRow&& row, const StudyPart&) {
    if (row.variant != kSourceVariant) return;
    const auto image = planned.find(row.image);
    if (image == planned.end())
      throw InputError("results of image " + row.image + ", which the plan does not have");
    predicted.insert(image->second);
    labels[numbers.case_of(row.case_name)][image->second] = row.label;
  });
  std::vector<std::size_t> order(predicted.begin(), predicted.end());
  const auto key = [&](std::size_t i) { return std::tie(plan.images[i].sha256, plan.images[i].path); };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<Labels> by_number(labels.size());
  for (const std::size_t i : order) {
    numbers.image(plan.images[i].path);
    for (std::size_t c = 0; c < labels.size(); ++c) by_number[c].push_back(labels[c][i]);
  }
  return by_number;
}

void read_predictions(const Study& study, Numbers& numbers, Observations& found) {
  std::unordered_map<std::string, std::int64_t> true_labels;
  for (const PlannedImage& image : found.plan.images)
    if (image.true_label) true_labels.emplace(image.path, *image.true_label);
  found.labels_known = !true_labels.empty() && true_labels.size() == found.plan.images.size();
  found.five_known = found.labels_known;

  const std::vector<Labels> source_labels = read_source_labels(study, numbers, found.plan);
  study.for_each_prediction([&](PredictionRow&& row, const StudyPart&) {
    Prediction one{numbers.image(row.image), numbers.case_of(row.case_name), numbers.variant(row.variant)};
    const auto& of_case = source_labels[one.case_index];
    const auto source = one.image < of_case.size() ? of_case[one.image] : std::nullopt;
    if (!source) return;  // of a sweep that goes on
    one.flipped = row.label != *source;
    if (found.labels_known) {
      const std::int64_t truth = true_labels.at(row.image);
      one.wrong = row.label != truth;
      one.beyond = std::find(row.top_labels.begin(), row.top_labels.end(), truth) == row.top_labels.end();
      found.five_known = found.five_known && row.top_probabilities[0] > 0;
    }
    found.predictions.push_back(one);
  });
}

// What maps are made and compared with.
struct Settings {
  WcamSettings wcam;
  ForwardPlan forwards;
  LevelAreas areas;
  NoiseFrom noise{};
  LabelKinds
      asked;  // kinds of label that the sweep is about: one that only happens to be another is no other
};

// The replicates of one (variant, class) with their maps.
struct Subject {
  ExplainedMap found;
  int control_of = -1;
  double severity_difference = kUnknown;
  std::vector<std::uint32_t> designs;
  std::vector<std::vector<float>> maps;  // of each design
  std::vector<Halves> halves;            // NoiseFrom::kHalves
};

double distance_of(Measure measure, double value) { return is_similarity(measure) ? 1 - value : value; }

// Mean over pairs of maps, unknown where the measure is undefined for one. Of halves, transport takes the
// first pair alone: it costs 1 ms at grid 28, more than all else together, and all three would double a
// report's time.
using Pair = std::pair<const std::vector<float>*, const std::vector<float>*>;
Distances mean_distances(const std::vector<Pair>& pairs, const Settings& settings) {
  Distances distances = unknown_distances();
  if (pairs.empty()) return distances;
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const bool one = kMeasures[m] == Measure::kTransport && settings.noise == NoiseFrom::kHalves;
    const auto compared = std::span(pairs).first(one ? 1 : pairs.size());
    double sum = 0;
    for (const auto& [a, b] : compared) {
      const Stated<double> value = compare(kMeasures[m], *a, *b, settings.areas);
      sum += value ? distance_of(kMeasures[m], *value) : kUnknown;
    }
    distances[m] = sum / static_cast<double>(compared.size());
  }
  return distances;
}

// Pairs of maps of two subjects that no design point joins, as many as their floors have. Of the same designs
// they would share the masks, and be more alike than the floor is; where there is no floor they are what
// there is.
std::vector<Pair> independent_pairs(const Subject& a, const Subject& b, NoiseFrom noise) {
  std::vector<Pair> pairs;
  for (std::size_t k = 0; k < std::min(a.halves.size(), b.halves.size()); ++k)
    pairs.emplace_back(&a.halves[k].first, &b.halves[k].second);
  if (!pairs.empty()) return pairs;
  for (std::size_t i = 0; i < a.maps.size(); ++i)
    for (std::size_t j = 0; j < b.maps.size(); ++j)
      if (a.designs[i] != b.designs[j] || noise == NoiseFrom::kNothing)
        pairs.emplace_back(&a.maps[i], &b.maps[j]);
  return pairs;
}

std::vector<Pair> own_pairs(const Subject& subject) {
  std::vector<Pair> pairs;
  for (const Halves& halves : subject.halves) pairs.emplace_back(&halves.first, &halves.second);
  for (std::size_t i = 0; i < subject.maps.size() && subject.halves.empty(); ++i)
    for (std::size_t j = 0; j < i; ++j) pairs.emplace_back(&subject.maps[i], &subject.maps[j]);
  return pairs;
}

void add_replicate(Subject& subject, ProfileRow&& row, const Settings& settings) {
  const float largest = *std::max_element(row.wcam.begin(), row.wcam.end());
  double sum = 0;
  for (const float index : row.wcam) sum += static_cast<double>(index);
  subject.found.largest_error += *std::max_element(row.standard_error.begin(), row.standard_error.end());
  subject.found.largest_index += static_cast<double>(largest);
  // Not as stored, since files of 0.1.0 have no such column.
  const std::vector<WcamDoubt> doubts =
      wcam_doubts(row.wcam, row.standard_error, row.level_share, settings.forwards.gradients);
  subject.found.above_one += above_all_variance(largest) ? 1 : 0;
  subject.found.doubtful += doubts.empty() ? 0 : 1;
  for (const WcamDoubt& doubt : doubts) ++subject.found.doubts[doubt.mark];
  subject.found.sum += sum;
  if (settings.noise == NoiseFrom::kHalves) {
    auto halves = split_halves(row.outputs, settings.forwards, settings.wcam);
    if (halves) subject.halves = *std::move(halves);
  }
  subject.designs.push_back(row.replicate);
  subject.maps.push_back(std::move(row.wcam));
}

ShareBounds mean_bounds(const std::vector<std::vector<float>>& maps, const LevelAreas& areas) {
  const std::size_t shares = static_cast<std::size_t>(areas.levels) + 1;
  ShareBounds mean{std::vector<double>(shares), std::vector<double>(shares)};
  for (const auto& map : maps) {
    const ShareBounds of_map = level_share_bounds(map, areas);
    for (std::size_t k = 0; k < shares; ++k) {
      mean.low[k] += of_map.low[k] / static_cast<double>(maps.size());
      mean.high[k] += of_map.high[k] / static_cast<double>(maps.size());
    }
  }
  return mean;
}

void finish(Subject& subject, const Settings& settings) {
  ExplainedMap& found = subject.found;
  const auto n = static_cast<double>(subject.maps.size());
  found.replicates = static_cast<int>(subject.maps.size());
  found.largest_error /= n;
  found.largest_index /= n;
  found.sum /= n;
  found.shares.assign(static_cast<std::size_t>(settings.wcam.levels) + 1, 0);
  std::vector<std::vector<double>> of_maps;
  for (const auto& map : subject.maps) {
    of_maps.push_back(level_shares(map, settings.areas));
    for (std::size_t k = 0; k < found.shares.size(); ++k) found.shares[k] += of_maps.back()[k] / n;
  }
  if (found.role == Role::kSource) found.bounds = mean_bounds(subject.maps, settings.areas);
  if (settings.noise == NoiseFrom::kReplicates && of_maps.size() > 1)
    found.independent_shares = std::move(of_maps);
  if (!subject.halves.empty())
    for (const auto& half : {subject.halves.front().first, subject.halves.front().second})
      found.independent_shares.push_back(level_shares(half, settings.areas));
  found.floor = mean_distances(own_pairs(subject), settings);
}

Shift shift_of(const Subject& source, const Subject& variant, const Settings& settings) {
  Shift shift;
  shift.image = variant.found.image;
  shift.case_index = variant.found.case_index;
  shift.variant = variant.found.variant;
  shift.role = variant.found.role;
  shift.control_of = variant.control_of;
  shift.severity_difference = variant.severity_difference;
  shift.distance = mean_distances(independent_pairs(source, variant, settings.noise), settings);
  shift.source_floor = source.found.floor;
  shift.variant_floor = variant.found.floor;
  for (std::size_t k = 0; k < source.found.shares.size(); ++k)
    shift.share_change.push_back(variant.found.shares[k] - source.found.shares[k]);
  if (source.found.sum > 0 && variant.found.sum > 0)
    shift.log2_size = std::log2(variant.found.sum / source.found.sum);
  return shift;
}

struct Group {
  std::vector<ExplainedMap> maps;
  std::vector<Shift> shifts;
};

// Of one image and case. A variant is compared with the source's map for the label of the same kind; where
// two kinds are one pair of maps, that is compared once.
Group compare_group(std::vector<Subject>&& subjects, const Settings& settings) {
  Group group;
  for (Subject& subject : subjects) finish(subject, settings);
  for (const Subject& variant : subjects) {
    if (variant.found.role == Role::kSource) continue;
    std::map<const Subject*, Shift> by_source;
    for (const LabelKind kind : kLabelKinds) {
      if (!settings.asked.contains(kind) || !variant.found.explained.contains(kind)) continue;
      const auto source = std::find_if(subjects.begin(), subjects.end(), [&](const Subject& other) {
        return other.found.role == Role::kSource && other.found.explained.contains(kind);
      });
      if (source == subjects.end()) continue;
      const auto known = by_source.find(&*source);
      Shift& shift = known != by_source.end()
                         ? known->second
                         : by_source.emplace(&*source, shift_of(*source, variant, settings)).first->second;
      shift.kind = kind;
      group.shifts.push_back(shift);
    }
  }
  for (Subject& subject : subjects) group.maps.push_back(std::move(subject.found));
  return group;
}

// Reads the profiles [begin, end), all of one image and case, with their arrays.
std::vector<Subject> read_group(const Study& study, std::size_t begin, std::size_t end, Numbers& numbers,
                                const Settings& settings) {
  std::map<std::pair<std::uint16_t, std::int64_t>, std::size_t> places;
  std::vector<Subject> subjects;
  for (std::size_t i = begin; i < end; ++i) {
    ProfileRow row = study.read_profile(i);
    if (row.outputs.size() != settings.forwards.outputs())
      throw InputError("the WCAM of " + row.image + ", " + row.variant + ", " + row.case_name + " has " +
                       std::to_string(row.outputs.size()) + " outputs, the settings of its plan make " +
                       std::to_string(settings.forwards.outputs()));
    const std::uint16_t variant = numbers.variant(row.variant);
    const auto [place, added] = places.emplace(std::pair(variant, row.label), subjects.size());
    if (added) {
      Subject subject;
      subject.found.image = numbers.image(row.image);
      subject.found.case_index = numbers.case_of(row.case_name);
      subject.found.variant = variant;
      subject.found.role = row.role;
      subject.found.explained = row.explained.empty() ? published_labels(row.role) : row.explained;
      if (!row.control_of.empty()) {
        subject.control_of = numbers.variant(row.control_of);
        subject.severity_difference = static_cast<double>(row.severity_difference);
      }
      subjects.push_back(std::move(subject));
    }
    add_replicate(subjects[place->second], std::move(row), settings);
  }
  return subjects;
}

NoiseFrom noise_from(const Study& study) {
  const auto& rows = study.profiles();
  // Where one of several sweeps has no replicates, its maps would have no floor.
  if (study.plan()->replicates > 1 &&
      std::any_of(rows.begin(), rows.end(), [](const ProfileRow& row) { return row.replicate > 0; }))
    return NoiseFrom::kReplicates;
  return study.plan()->wcam.nb_design >= 4 ? NoiseFrom::kHalves : NoiseFrom::kNothing;
}

void read_maps(const Study& study, Numbers& numbers, Observations& found) {
  const WcamSettings& wcam = found.plan.wcam;
  const int side = found.plan.input_size();
  const Settings settings{wcam, forward_plan(wcam, side),
                          level_areas(wcam.grid, wcam.levels, side, wcam.approximation), found.noise,
                          found.plan.explain};
  const auto& rows = study.profiles();
  const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  std::set<std::string_view> explained;
  for (std::size_t begin = 0; begin < rows.size();) {
    // As many groups as threads; only this thread reads.
    std::vector<std::future<Group>> groups;
    while (groups.size() < threads && begin < rows.size()) {
      std::size_t end = begin + 1;
      while (end < rows.size() && rows[end].image == rows[begin].image &&
             rows[end].case_name == rows[begin].case_name)
        ++end;
      explained.insert(rows[begin].image);
      groups.push_back(
          std::async(std::launch::async,
                     [&settings, subjects = read_group(study, begin, end, numbers, settings)]() mutable {
                       return compare_group(std::move(subjects), settings);
                     }));
      begin = end;
    }
    for (auto& one : groups) {
      Group group = one.get();
      std::move(group.maps.begin(), group.maps.end(), std::back_inserter(found.maps));
      std::move(group.shifts.begin(), group.shifts.end(), std::back_inserter(found.shifts));
    }
  }
  found.explained_images = explained.size();
  found.profiles = rows.size();
}

// An order that ranks do not decide: sums depend on it in their last bits.
template <typename Entry>
void put_in_order(std::vector<Entry>& entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.image, a.case_index, a.variant) < std::tie(b.image, b.case_index, b.variant);
  });
}

}  // namespace

Observations observe(const Study& study) {
  if (!study.plan())
    throw InputError(study.parts().front().path.string() +
                     " has no plan, which says what its rows are: name a sweep, or its results.h5");
  Observations found;
  found.plan = *study.plan();
  found.sweeps = study.parts().size();
  found.overlap = study.overlap();
  found.noise = noise_from(study);
  Numbers numbers(found);
  read_predictions(study, numbers, found);
  read_maps(study, numbers, found);
  put_in_order(found.maps);
  put_in_order(found.shifts);
  return found;
}

}  // namespace wcam
