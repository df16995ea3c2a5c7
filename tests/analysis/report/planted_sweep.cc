#include "tests/analysis/report/planted_sweep.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "analysis/maps/level_shares.h"
#include "analysis/statistics/random_numbers.h"
#include "common/base/file.h"
#include "common/base/ids.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/store/segment.h"
#include "common/study/indices.h"
#include "common/study/perturbation.h"
#include "common/study/plan.h"
#include "common/study/wcam_doubts.h"

namespace wcam::planted {

namespace {

constexpr int kLevels = 3;
constexpr std::int64_t kSourceClass = 0, kOtherClass = 1;

double normal(RandomNumbers& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  return radius * std::cos(2 * M_PI * random.uniform());
}

// Masks of one design, standardised: rows of A, then of B.
struct Design {
  std::size_t points, cells;
  std::vector<double> a, b;
  Design(std::size_t n, std::size_t d, std::uint64_t seed) : points(n), cells(d) {
    RandomNumbers random(seed);
    const auto draw = [&] { return std::sqrt(12.0) * (random.uniform() - 0.5); };
    for (std::size_t i = 0; i < n * d; ++i) a.push_back(draw());
    for (std::size_t i = 0; i < n * d; ++i) b.push_back(draw());
  }
};

std::vector<float> outputs_on(const Design& design, const std::vector<double>& slopes) {
  std::vector<float> found;
  const auto factor = [&](const std::vector<double>& z, std::size_t point, std::size_t cell) {
    return 1 + slopes[cell] * z[point * design.cells + cell];
  };
  const auto product = [&](std::size_t point, std::size_t exchanged) {
    double f = 1;
    for (std::size_t cell = 0; cell < design.cells; ++cell)
      f *= factor(cell == exchanged ? design.b : design.a, point, cell);
    return static_cast<float>(f);
  };
  for (std::size_t point = 0; point < design.points; ++point) found.push_back(product(point, design.cells));
  for (std::size_t cell = 0; cell < design.cells; ++cell)
    for (std::size_t point = 0; point < design.points; ++point) found.push_back(product(point, cell));
  return found;
}

Plan plan_of(const Truth& truth) {
  Plan plan;
  for (int i = 0; i < truth.images; ++i) {
    PlannedImage image;
    image.path = "image" + std::to_string(1000 + i) + ".png";
    image.sha256 = std::string(60, 'a') + std::to_string(1000 + i);
    image.true_label = kSourceClass;
    plan.images.push_back(image);
  }
  for (int c = 0; c < truth.corruptions; ++c)
    for (int severity = kLowestSeverity; severity <= kHighestSeverity; ++severity)
      plan.variants.push_back(to_string(
          Variant{std::string(kCorruptions), corruption_names()[static_cast<std::size_t>(c)], severity}));
  for (int c = 0; c < truth.cases; ++c) {
    CaseSpec one;
    one.name = c == 0 ? "baseline" : "other" + std::to_string(c);
    one.file = one.name + ".pt";
    one.sha256 = std::string(63, 'b') + std::to_string(c);
    one.input_size = one.resize = 224;
    one.classes = {"first", "second"};
    plan.cases.push_back(one);
  }
  plan.wcam.grid = truth.grid;
  plan.wcam.nb_design = truth.nb_design;
  plan.wcam.levels = kLevels;
  plan.selection.sample_size = truth.images;
  plan.selection.max_altered = std::max(1, truth.altered);
  plan.selection.matched_controls = true;
  plan.explain = LabelKinds{LabelKind::kPredicted};
  if (truth.source_too) plan.explain.insert(LabelKind::kSource);
  plan.replicates = truth.replicates;
  plan.images_root = "/images";
  return plan;
}

using LevelWeights = std::array<double, kLevels + 1>;  // approximation, then coarse to fine

// The true map of one image under one case, up to its sum.
struct TrueMap {
  LevelWeights levels{};
  std::vector<double> places;  // of each cell within its level, up to a factor: lognormal
  std::vector<bool> rises;     // whether the output rises with the cell's mask; indices do not tell
  double strength = 0;         // sum of the v
};

class Generator {
 public:
  explicit Generator(const Truth& truth)
      : truth_(truth), plan_(plan_of(truth)), random_(truth.seed), forwards_(forward_plan(plan_.wcam, 224)) {
    const LevelAreas areas = level_areas(truth.grid, kLevels, 224);
    for (std::size_t cell = 0; cell < areas.cells(); ++cell) {
      const auto* parts = &areas.parts[cell * (kLevels + 1)];
      levels_.push_back(static_cast<std::size_t>(std::max_element(parts, parts + kLevels + 1) - parts));
    }
    for (int r = 0; r < truth.replicates; ++r)
      designs_.emplace_back(static_cast<std::size_t>(truth.nb_design), areas.cells(),
                            1000 * truth.seed + static_cast<std::uint64_t>(r));
  }

  void write(const std::filesystem::path& folder) {
    const SweepDirectory sweep{folder};
    make_directories(sweep.segments());
    write_file_atomically(sweep.plan(), to_json_text(plan_));
    for (std::size_t image = 0; image < plan_.images.size(); ++image) {
      add_image(image);
      if (profiles_.size() < 512 && image + 1 < plan_.images.size()) continue;
      write_store(sweep.segments() / ("s" + std::to_string(image) + ".h5"),
                  {sweep_id(plan_), truth_.grid, kLevels}, profiles_, predictions_, {});
      profiles_.clear();
      predictions_.clear();
    }
  }

 private:
  struct Chosen {
    std::uint16_t variant = 0;  // 0: the source
    Role role{};
    std::uint32_t index = 0;
    std::uint16_t control_of = 0;  // 0: of none
  };

  Variant parsed(std::uint16_t variant) const { return parse_variant(plan_.variants[variant - 1U]); }
  double lognormal(double sigma) { return std::exp(sigma * normal(random_)); }

  void add_image(std::size_t image) {
    // Shared by all cases: where the image has something, and on which scales.
    TrueMap of_image;
    of_image.levels = {0.2, 0.3, 0.3, 0.2};
    for (double& level : of_image.levels) level *= lognormal(0.3);
    for (std::size_t cell = 0; cell < levels_.size(); ++cell) {
      of_image.places.push_back(lognormal(kPlaces));
      of_image.rises.push_back(random_.uniform() < 0.5);
    }
    of_image.strength = 0.2;
    std::vector<double> ease;  // of flipping each variant's label, in all cases alike
    for (std::size_t v = 0; v < plan_.variants.size(); ++v) ease.push_back(0.5 * normal(random_));
    for (std::size_t c = 0; c < plan_.cases.size(); ++c) add_case(image, c, of_image, ease);
  }

  void add_case(std::size_t image, std::size_t c, TrueMap map, const std::vector<double>& ease) {
    for (double& level : map.levels) level *= lognormal(0.1);
    turn_some(map);
    if (c == 1 && truth_.cases_differ == Differ::kDegree) map.strength *= kStronger;
    if (c == 1 && truth_.cases_differ == Differ::kKind) move_to_coarse(map, 0.5);
    if (c % 2 == 1 && truth_.cases_differ == Differ::kWithin) move_to_coarse(map, 0.15);
    std::vector<bool> flipped{false};
    for (std::size_t v = 0; v < plan_.variants.size(); ++v) {
      const double severity = parsed(static_cast<std::uint16_t>(v + 1)).severity;
      flipped.push_back(severity - 3 + ease[v] + normal(random_) > 0);
    }
    for (std::size_t v = 0; v < flipped.size(); ++v) add_prediction(image, c, v, flipped[v]);
    for (const Chosen& chosen : choose(flipped)) {
      const bool flips = flipped[chosen.variant];
      const TrueMap altered =
          chosen.variant == 0 ? map : corrupted(map, parsed(chosen.variant).severity, flips);
      if (!flips) {
        add_profiles(image, c, chosen, altered, kSourceClass, {LabelKind::kPredicted, LabelKind::kSource});
      } else {
        add_profiles(image, c, chosen, altered, kOtherClass, {LabelKind::kPredicted});
        if (truth_.source_too) add_profiles(image, c, chosen, altered, kSourceClass, {LabelKind::kSource});
      }
    }
  }

  // The source, altered variants, and for each the nearest unaffected one, none twice.
  std::vector<Chosen> choose(const std::vector<bool>& flipped) {
    std::vector<std::uint16_t> order, altered;
    for (std::uint16_t v = 1; v < flipped.size(); ++v) order.push_back(v);
    random_.shuffle(order);
    for (const std::uint16_t v : order)
      if (flipped[v] && altered.size() < static_cast<std::size_t>(truth_.altered)) altered.push_back(v);
    std::vector<Chosen> chosen{{0, Role::kSource, 0, 0}};
    std::set<std::uint16_t> taken;
    for (const std::uint16_t v : altered) {
      chosen.push_back({v, Role::kAltered, static_cast<std::uint32_t>(chosen.size()), 0});
      std::optional<std::uint16_t> nearest;
      const auto apart = [&](std::uint16_t u) { return std::abs(parsed(u).severity - parsed(v).severity); };
      for (const std::uint16_t u : order)
        if (!flipped[u] && !taken.contains(u) && (!nearest || apart(u) < apart(*nearest))) nearest = u;
      if (!nearest) continue;
      taken.insert(*nearest);
      chosen.push_back({*nearest, Role::kUnaffected, static_cast<std::uint32_t>(chosen.size()), v});
    }
    return chosen;
  }

  static void move_to_coarse(TrueMap& map, double part) {
    for (const std::size_t fine : {std::size_t{2}, std::size_t{3}}) {
      const double moved = part * map.levels[fine];
      map.levels[fine] -= moved;
      map.levels[fine - 2] += moved;
    }
  }

  // To coarser scales, and to other places of each scale: their logarithms keep a correlation of 1 - part.
  void move(TrueMap& map, double part) {
    move_to_coarse(map, part);
    for (double& place : map.places)
      place = std::pow(place, 1 - part) * lognormal(kPlaces * std::sqrt(1 - (1 - part) * (1 - part)));
  }

  // The function is another one, its indices are the same.
  void turn_some(TrueMap& map) {
    for (std::size_t cell = 0; cell < map.rises.size(); ++cell)
      if (random_.uniform() < 0.2) map.rises[cell] = !map.rises[cell];
  }

  TrueMap corrupted(TrueMap map, int severity, bool flips) {
    switch (truth_.moves) {
      case Moves::kNothing:
        break;
      case Moves::kDegree:
        map.strength *= kStronger;
        break;
      case Moves::kKind:
        move(map, 0.5);
        break;
      case Moves::kSeverity:
        move(map, 0.18 * severity);
        break;
      case Moves::kFlip:
        move(map, flips ? 0.7 : 0.1);
        break;
    }
    map.strength *= lognormal(0.1);
    turn_some(map);
    return map;
  }

  std::vector<double> slopes_of(const TrueMap& map) const {
    double sum = 0;
    for (const double level : map.levels) sum += level;
    LevelWeights sums{};
    for (std::size_t cell = 0; cell < levels_.size(); ++cell) sums[levels_[cell]] += map.places[cell];
    std::vector<double> slopes;
    for (std::size_t cell = 0; cell < levels_.size(); ++cell) {
      const double v =
          map.strength * map.levels[levels_[cell]] / sum * map.places[cell] / sums[levels_[cell]];
      slopes.push_back(map.rises[cell] ? std::sqrt(v) : -std::sqrt(v));
    }
    return slopes;
  }

  void add_profiles(std::size_t image, std::size_t c, const Chosen& chosen, const TrueMap& map,
                    std::int64_t label, LabelKinds explained) {
    const std::vector<double> slopes = slopes_of(map);
    for (std::size_t r = 0; r < designs_.size(); ++r) {
      ProfileRow row;
      row.image = plan_.images[image].path;
      row.perturbation = plan_.perturbation;
      row.variant = plan_.variant_name(chosen.variant);
      row.case_name = plan_.cases[c].name;
      row.job = JobId{++jobs_};
      row.attempt = Attempt{1};
      row.role = chosen.role;
      row.rank = static_cast<std::uint32_t>(image);
      row.role_index = chosen.index;
      row.label = label;
      row.explained = explained;
      row.replicate = static_cast<std::uint32_t>(r);
      if (chosen.control_of != 0) {
        row.control_of = plan_.variant_name(chosen.control_of);
        row.severity_difference =
            static_cast<float>(parsed(chosen.variant).severity - parsed(chosen.control_of).severity);
      }
      row.outputs = outputs_on(designs_[r], slopes);
      Indices indices = indices_from(row.outputs, forwards_, plan_.wcam);
      row.wcam = std::move(indices.values);
      row.standard_error = std::move(indices.standard_errors);
      row.level_share.assign(kLevels + 1, 0);  // no report reads the stored summaries
      row.level_contributions.assign(kLevels + 1, 0);
      row.spectral_profile.assign(3 * kLevels - 2, 0);
      row.doubts =
          joined(wcam_doubts(row.wcam, row.standard_error, row.level_share, false), &WcamDoubt::mark);
      row.device = "cpu";
      row.estimator = "jansen-total";
      profiles_.push_back(std::move(row));
    }
  }

  void add_prediction(std::size_t image, std::size_t c, std::size_t variant, bool flipped) {
    PredictionRow row;
    row.job = JobId{(std::uint64_t{1} << 60U) + image * plan_.cases.size() + c};
    row.attempt = Attempt{1};
    row.image = plan_.images[image].path;
    row.perturbation = plan_.perturbation;
    row.variant = plan_.variant_name(static_cast<std::uint16_t>(variant));
    row.case_name = plan_.cases[c].name;
    row.label = flipped ? kOtherClass : kSourceClass;
    row.probability = 0.6F;
    row.top_labels = {row.label, 1 - row.label, -1, -1, -1};
    row.top_probabilities = {0.6F, 0.4F, 0, 0, 0};
    predictions_.push_back(std::move(row));
  }

  static constexpr double kPlaces = 1;    // standard deviation of the places' logarithms
  static constexpr double kStronger = 6;  // sums of indices of 1.6 in place of 1.1

  Truth truth_;
  Plan plan_;
  RandomNumbers random_;
  ForwardPlan forwards_;
  std::vector<std::size_t> levels_;  // of each cell
  std::vector<Design> designs_;
  std::uint64_t jobs_ = 0;
  std::vector<ProfileRow> profiles_;
  std::vector<PredictionRow> predictions_;
};

}  // namespace

std::vector<double> total_indices(const std::vector<double>& v) {
  double product = 1;
  for (const double one : v) product *= 1 + one;
  std::vector<double> indices;
  for (const double one : v) indices.push_back(one / (1 + one) * product / (product - 1));
  return indices;
}

std::vector<float> outputs(const std::vector<double>& v, const WcamSettings& settings,
                           std::uint64_t design_seed) {
  std::vector<double> slopes;
  for (const double one : v) slopes.push_back(std::sqrt(one));
  return outputs_on(Design(static_cast<std::size_t>(settings.nb_design), v.size(), design_seed), slopes);
}

void write_sweep(const std::filesystem::path& folder, const Truth& truth) { Generator(truth).write(folder); }

}  // namespace wcam::planted
