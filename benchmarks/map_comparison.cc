// How long does the arithmetic of a report take? Each of many profiles is compared with another by every
// measure, its noise floor is taken from the halves of its design, and its levels' shares get standard
// errors; each measure of all images gets an interval and a test.
//   map_comparison [PROFILES]     default 1,000; prints CPU ms a profile on one thread
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "analysis/indices/split_halves.h"
#include "analysis/indices/subset_indices.h"
#include "analysis/maps/comparison.h"
#include "analysis/statistics/paired_tests.h"
#include "analysis/statistics/random_numbers.h"
#include "analysis/statistics/resampling.h"

namespace {

using namespace wcam;

constexpr int kSide = 224;

// Outputs of a published setting, grid 28 and N = 4, in which few cells matter and all have noise.
std::vector<float> outputs(const ForwardPlan& plan, const WcamSettings& settings, RandomNumbers& random) {
  const auto n = static_cast<std::size_t>(settings.nb_design);
  std::vector<float> found;
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    const double effect = std::pow(random.uniform(), 4);
    found.push_back(i < n ? static_cast<float>(10 + random.uniform())
                          : found[i % n] + static_cast<float>(effect * (random.uniform() - 0.5)));
  }
  return found;
}

// Of the processor: others may use the machine too.
double milliseconds(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  work();
  return 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

}  // namespace

int main(int argc, char** argv) {
  const int profiles = argc > 1 ? std::atoi(argv[1]) : 1000;
  const WcamSettings settings;
  const ForwardPlan plan = forward_plan(settings, kSide);
  const LevelAreas areas = level_areas(settings.grid, settings.levels, kSide);
  RandomNumbers random(1);
  std::vector<std::vector<float>> stored, maps;
  for (int i = 0; i < profiles; ++i) {
    stored.push_back(outputs(plan, settings, random));
    maps.push_back(subset_indices(stored.back(), plan, settings, std::vector<int>{0, 1, 2, 3}));
  }
  double all = 0, checked = 0;
  const auto report = [&](const std::string& what, const std::function<void(std::size_t)>& work) {
    const double taken = milliseconds([&] {
      for (std::size_t i = 0; i < maps.size(); ++i) work(i);
    });
    all += taken / profiles;
    std::printf("%-32s %8.3f ms a profile\n", what.c_str(), taken / profiles);
  };
  std::vector<std::vector<Halves>> halves;
  report("maps of half the design points",
         [&](std::size_t i) { halves.push_back(*split_halves(stored[i], plan, settings)); });
  const char* const names[] = {"Spearman", "cosine", "top tenth", "transport", "scale"};
  for (const Measure measure : kMeasures) {
    const std::string name = names[static_cast<int>(measure)];
    report(name,
           [&](std::size_t i) { checked += *compare(measure, maps[i], maps[(i + 1) % maps.size()], areas); });
    report(name + ", floor from halves", [&](std::size_t i) {
      for (const Halves& split : halves[i]) checked += *compare(measure, split.first, split.second, areas);
    });
  }
  report("standard errors of shares", [&](std::size_t i) {
    checked += level_share_errors(delete_one_maps(stored[i], plan, settings), areas)[0];
  });
  std::printf("%-32s %8.3f ms a profile\n", "together", all);
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(random.uniform() - 0.4);
  std::printf("%-32s %8.3f ms\n", "interval of 200 images",
              milliseconds([&] { checked += mean_interval(values)->low; }));
  std::printf("%-32s %8.3f ms\n", "sign flips of 200 images",
              milliseconds([&] { checked += sign_flip_test(values)->p; }));
  return std::isfinite(checked) ? 0 : 1;
}
