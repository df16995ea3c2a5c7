#include "worker/models/check_models.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace wcam {

namespace {

std::string list(const std::array<double, 3>& numbers) {
  return fmt::format("[{:.6g}, {:.6g}, {:.6g}]", numbers[0], numbers[1], numbers[2]);
}

std::string entry(const std::array<double, 3>& mean, const std::array<double, 3>& std) {
  return "\"mean\": " + list(mean) + ", \"std\": " + list(std);
}

double sum_of_exponentials(std::span<const float> row) {
  return std::accumulate(row.begin(), row.end(), 0.0,
                         [](double sum, float value) { return sum + std::exp(static_cast<double>(value)); });
}

double sum(std::span<const float> row) { return std::accumulate(row.begin(), row.end(), 0.0); }

double entropy(std::span<const float> row) {
  const double largest = *std::max_element(row.begin(), row.end());
  double total = 0, weighted = 0;
  for (const float value : row) {
    const double e = std::exp(value - largest);
    total += e;
    weighted += e * (value - largest);
  }
  return std::log(total) - weighted / total;
}

// log of n over k.
double log_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

// P(X >= k) of n trials with probability p.
double at_least(std::int64_t k, std::int64_t n, double p) {
  double total = 0;
  for (std::int64_t i = k; i <= n; ++i) {
    const auto x = static_cast<double>(i), m = static_cast<double>(n);
    total += std::exp(log_choose(m, x) + x * std::log(p) + (m - x) * std::log1p(-p));
  }
  return std::min(total, 1.0);
}

}  // namespace

Share wilson(std::int64_t successes, std::int64_t trials) {
  constexpr double z = 1.959963984540054;  // of 95 %
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {p, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Hits hits(const Logits& logits, std::span<const std::int64_t> labels) {
  Hits found;
  for (std::int64_t r = 0; r < logits.rows(); ++r) {
    const auto row = logits.row(r);
    const float own = row[static_cast<std::size_t>(labels[static_cast<std::size_t>(r)])];
    // What is no number, as a normalisation tried may give, is below nothing.
    const auto not_below = std::count_if(row.begin(), row.end(), [own](float v) { return !(v < own); });
    found.top1.push_back(not_below <= 1);
    found.top5.push_back(not_below <= 5);
  }
  return found;
}

std::int64_t count(const std::vector<bool>& hits) { return std::count(hits.begin(), hits.end(), true); }

double chance_of_beating(const std::vector<bool>& other, const std::vector<bool>& declared) {
  std::int64_t wins = 0, losses = 0;
  for (std::size_t i = 0; i < other.size(); ++i) {
    wins += other[i] && !declared[i] ? 1 : 0;
    losses += declared[i] && !other[i] ? 1 : 0;
  }
  return at_least(wins, wins + losses, 0.5);
}

double chance_of_guessing(const std::vector<bool>& hits, std::int64_t classes) {
  return at_least(count(hits), std::ssize(hits), 1.0 / static_cast<double>(classes));
}

bool is_for_bytes(const CaseSpec& spec) { return !normalisation_problem(spec).empty(); }

std::vector<Normalisation> normalisations(const CaseSpec& spec) {
  const CaseSpec imagenet;
  const std::array<double, 3> none{0, 0, 0}, one{1, 1, 1}, half{0.5, 0.5, 0.5};
  const std::array<double, 3> byte{1 / 255.0, 1 / 255.0, 1 / 255.0};
  Normalisation twice{"twice", {}, {}, false, "the network seems to want it normalised twice"};
  const CaseSpec of_bytes = over_255(spec);
  for (std::size_t c = 0; c < 3; ++c) {
    twice.mean[c] = spec.mean[c] + spec.std[c] * spec.mean[c];
    twice.std[c] = spec.std[c] * spec.std[c];
  }
  std::vector<Normalisation> all{
      {"as models.json says", spec.mean, spec.std, false, ""},
      {"with mean and std over 255", of_bytes.mean, of_bytes.std, false,
       "they seem to be of pixels from 0 to 255"},
      {"not at all", none, one, false, "the network seems to normalise by itself"},
      twice,
      {"with ImageNet's mean and std", imagenet.mean, imagenet.std, false,
       "the network seems to want ImageNet's"},
      {"with 0.5 and 0.5", half, half, false, "the network seems to want pixels from -1 to 1"},
      {"to 0 to 255", none, byte, false, "the network seems to want pixels from 0 to 255"},
  };
  if (!is_for_bytes(spec)) all.erase(all.begin() + 1);
  std::vector<Normalisation> different;
  for (Normalisation& one_of_them : all) {
    const bool known = std::any_of(different.begin(), different.end(), [&](const Normalisation& n) {
      return n.mean == one_of_them.mean && n.std == one_of_them.std;
    });
    if (known) continue;
    if (!one_of_them.remedy.empty())
      one_of_them.remedy += ": set " + entry(one_of_them.mean, one_of_them.std);
    different.push_back(std::move(one_of_them));
  }
  different.push_back(
      {"as said, colours reversed", spec.mean, spec.std, true,
       "the network seems to take blue, green, red: reverse the channels in what is exported"});
  return different;
}

Spread spread(const Logits& logits) {
  const auto rows = static_cast<double>(logits.rows());
  std::vector<double> mean(static_cast<std::size_t>(logits.classes));
  double entropies = 0, total = 0;
  std::vector<double> centred;  // each row around its own mean, which no soft-max sees
  for (std::int64_t r = 0; r < logits.rows(); ++r) {
    const auto row = logits.row(r);
    entropies += entropy(row);
    const double centre = sum(row) / static_cast<double>(logits.classes);
    for (std::size_t c = 0; c < row.size(); ++c) {
      const double value = row[c] - centre;
      mean[c] += value / rows;
      total += value * value;
    }
  }
  const double common = rows * std::inner_product(mean.begin(), mean.end(), mean.begin(), 0.0);
  return {entropies / rows / std::log(static_cast<double>(logits.classes)),
          total > 0 ? std::max(0.0, 1 - common / total) : 0};
}

bool looks_random(const Spread& spread) {
  return spread.entropy_share > kNearUniform || spread.picture_share < kHardlyDepends;
}

OutputKind output_kind(const Logits& logits) {
  constexpr double kTolerance = 1e-3;  // a thousand roundings of float32
  bool probabilities = logits.rows() > 0, log_probabilities = probabilities;
  for (std::int64_t r = 0; r < logits.rows(); ++r) {
    const auto row = logits.row(r);
    const auto [low, high] = std::minmax_element(row.begin(), row.end());
    probabilities = probabilities && *low >= 0 && std::abs(sum(row) - 1) < kTolerance;
    log_probabilities =
        log_probabilities && *high <= 0 && std::abs(sum_of_exponentials(row) - 1) < kTolerance;
  }
  if (probabilities) return OutputKind::kProbabilities;
  return log_probabilities ? OutputKind::kLogProbabilities : OutputKind::kLogits;
}

}  // namespace wcam
