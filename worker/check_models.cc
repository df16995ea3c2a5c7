#include "worker/check_models.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>

#include "worker/design/pcg64.h"

using nlohmann::json;

namespace wcam {

namespace {

constexpr double kNearUniform = 0.9, kHardlyDepends = 0.3;
// A better normalisation is reported when chance gives as much once in a hundred times.
constexpr double kSignificant = 0.01;
// With fewer photographs a network that gets one in five right may well get none.
constexpr std::size_t kEnoughForChance = 20;

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

std::string percent(const Share& share) {
  return fmt::format("{:.1f} % ({:.1f} to {:.1f})", 100 * share.value, 100 * share.low, 100 * share.high);
}

Share share_of(const std::vector<bool>& hits) { return wilson(count(hits), std::ssize(hits)); }

const char* to_string(OutputKind kind) {
  switch (kind) {
    case OutputKind::kProbabilities:
      return "probabilities";
    case OutputKind::kLogProbabilities:
      return "log-probabilities";
    default:
      return "logits";
  }
}

// The alternative that beats the declared one most clearly; nullptr when none does.
const CaseCheck::Tried* better_one(const CaseCheck& check) {
  const CaseCheck::Tried* best = nullptr;
  double best_chance = kSignificant;
  for (std::size_t i = 1; i < check.tried.size(); ++i) {
    const double chance = chance_of_beating(check.tried[i].hits.top1, check.tried.front().hits.top1);
    if (chance >= best_chance) continue;
    best = &check.tried[i];
    best_chance = chance;
  }
  return best;
}

bool at_chance(const CaseCheck& check) {
  if (check.tried.empty() || check.tried.front().hits.top1.size() < kEnoughForChance) return false;
  const std::vector<bool>& right = check.tried.front().hits.top1;
  return at_least(count(right), std::ssize(right), 1.0 / static_cast<double>(check.classes)) > kSignificant;
}

std::string random_text(const Spread& spread) {
  const std::string why = spread.entropy_share > kNearUniform
                              ? fmt::format(
                                    "its outputs are near-uniform, with {:.0f} % of the entropy of guessing "
                                    "(trained networks: at "
                                    "most 70)",
                                    100 * spread.entropy_share)
                              : fmt::format(
                                    "its outputs hardly depend on the picture, from which {:.0f} % of their "
                                    "variance comes (trained "
                                    "networks: at least 47)",
                                    100 * spread.picture_share);
  return "it looks like a random network: " + why + ": were the weights loaded? Load them with strict=True";
}

std::string accuracy_text(const CaseCheck& check) {
  const Hits& declared = check.tried.front().hits;
  std::string text = "  top-1 " + percent(share_of(declared.top1)) + ", top-5 " +
                     percent(share_of(declared.top5)) +
                     fmt::format(", of {} photographs\n", declared.top1.size());
  text += fmt::format("    {:<30} {:>8} {:>8}\n", "normalised", "top-1", "top-5");
  for (const auto& [normalisation, hits] : check.tried)
    text += fmt::format("    {:<30} {:6.1f} % {:6.1f} %\n", normalisation.name,
                        100 * share_of(hits.top1).value, 100 * share_of(hits.top5).value);
  return text;
}

json to_json(const Share& share) {
  return {{"value", share.value}, {"low", share.low}, {"high", share.high}};
}

json to_json(const Spread& spread) {
  return {{"entropy_share", spread.entropy_share}, {"picture_share", spread.picture_share}};
}

json to_json(const CaseCheck& check) {
  json object{{"name", check.name}, {"usable", check.failure.empty()}, {"warnings", warnings(check)}};
  if (!check.failure.empty()) object["failure"] = check.failure;
  if (check.classes == 0) return object;
  object["classes"] = check.classes;
  object["bytes"] = check.bytes;
  object["load_seconds"] = check.load_seconds;
  if (!check.failure.empty()) return object;
  object["image_seconds"] = check.image_seconds;
  object["outputs"] = to_string(check.outputs);
  object["on_pictures"] = to_json(check.on_pictures);
  if (check.on_photographs) object["on_photographs"] = to_json(*check.on_photographs);
  for (const auto& [normalisation, hits] : check.tried)
    object["accuracy"].push_back({{"normalised", normalisation.name},
                                  {"mean", normalisation.mean},
                                  {"std", normalisation.std},
                                  {"photographs", hits.top1.size()},
                                  {"top1", to_json(share_of(hits.top1))},
                                  {"top5", to_json(share_of(hits.top5))}});
  return object;
}

using Colour = std::array<double, 3>;

// Of picture `index` at x, y in 0..1.
Colour colour_at(int index, double x, double y, Pcg64& random) {
  const double tone = index / 16.0;
  switch (index % 4) {
    case 0: {  // stripes, finer from picture to picture
      const double phase = 2 * std::numbers::pi * (1 + index) * (index % 8 == 0 ? x : y);
      return {0.5 + 0.5 * std::sin(phase), 0.5 + 0.5 * std::sin(phase + 1), 0.5 + 0.5 * std::sin(phase + 2)};
    }
    case 1:  // gradients
      return {index % 8 == 1 ? x : y, 1 - x, tone * y};
    case 2: {  // a disc on a dark ground
      const bool inside = std::hypot(x - 0.5, y - 0.5) < 0.2 + 0.02 * index;
      return inside ? Colour{1 - tone, tone, 0.3 + 0.5 * tone} : Colour{0.1, 0.1, 0.1};
    }
    default:  // noise
      return {random.uniform(), random.uniform(), random.uniform()};
  }
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

std::vector<Normalisation> normalisations(const CaseSpec& spec) {
  const CaseSpec imagenet;
  const std::array<double, 3> none{0, 0, 0}, one{1, 1, 1}, half{0.5, 0.5, 0.5};
  const std::array<double, 3> byte{1 / 255.0, 1 / 255.0, 1 / 255.0};
  Normalisation twice{"twice", {}, {}, false, "the network seems to want it normalised twice"};
  for (std::size_t c = 0; c < 3; ++c) {
    twice.mean[c] = spec.mean[c] + spec.std[c] * spec.mean[c];
    twice.std[c] = spec.std[c] * spec.std[c];
  }
  std::vector<Normalisation> all{
      {"as models.json says", spec.mean, spec.std, false, ""},
      {"not at all", none, one, false, "the network seems to normalise by itself"},
      twice,
      {"with ImageNet's mean and std", imagenet.mean, imagenet.std, false,
       "the network seems to want ImageNet's"},
      {"with 0.5 and 0.5", half, half, false, "the network seems to want pixels from -1 to 1"},
      {"to 0 to 255", none, byte, false, "the network seems to want pixels from 0 to 255"},
  };
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

std::vector<RgbImage> built_in_pictures(int side) {
  Pcg64 random(0);
  std::vector<RgbImage> pictures;
  for (int index = 0; index < 16; ++index) {
    RgbImage picture = blank_image(side, side);
    std::uint8_t* out = picture.pixels.data();
    for (int r = 0; r < side; ++r)
      for (int c = 0; c < side; ++c)
        for (const double channel : colour_at(index, (c + 0.5) / side, (r + 0.5) / side, random))
          *out++ = static_cast<std::uint8_t>(std::lround(255 * channel));
    pictures.push_back(std::move(picture));
  }
  return pictures;
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

std::vector<std::string> warnings(const CaseCheck& check) {
  if (!check.failure.empty()) return {};
  std::vector<std::string> texts;
  if (check.outputs != OutputKind::kLogits)
    texts.push_back(std::string("it returns ") + to_string(check.outputs) +
                    ": WCAMs explain logits, so export it without its last soft-max");
  const bool random =
      looks_random(check.on_pictures) && looks_random(check.on_photographs.value_or(check.on_pictures));
  // Probabilities spread otherwise than logits.
  const bool judged_random = random && check.outputs == OutputKind::kLogits;
  if (judged_random) texts.push_back(random_text(check.on_pictures));
  if (const CaseCheck::Tried* better = better_one(check))
    texts.push_back(
        fmt::format("it gets {} of {} photographs right when normalised '{}', {} as models.json says: {}",
                    count(better->hits.top1), better->hits.top1.size(), better->normalisation.name,
                    count(check.tried.front().hits.top1), better->normalisation.remedy));
  else if (!judged_random && at_chance(check))
    texts.push_back(fmt::format(
        "it gets {} of {} photographs right, which guessing among {} classes may give: are its "
        "classes in the order of the labels?",
        count(check.tried.front().hits.top1), check.tried.front().hits.top1.size(), check.classes));
  return texts;
}

std::string to_text(const CaseCheck& check) {
  std::string text = check.name;
  if (check.classes != 0)
    text += fmt::format(": {} classes, {:.1f} MiB, loaded in {:.2f} s", check.classes,
                        static_cast<double>(check.bytes) / (1 << 20), check.load_seconds);
  if (!check.failure.empty()) return text + "\n  cannot be used: " + check.failure + "\n";
  text += fmt::format(", {:.1f} ms an image\n", 1000 * check.image_seconds);
  if (!check.tried.empty()) text += accuracy_text(check);
  const std::vector<std::string> found = warnings(check);
  for (const std::string& warning : found) text += "  warning: " + warning + "\n";
  return found.empty() ? text + "  ok\n" : text;
}

std::string to_json_text(std::span<const CaseCheck> checks) {
  json models = json::array();
  for (const CaseCheck& check : checks) models.push_back(to_json(check));
  // A failure may name a file, whose name may be any bytes.
  return json{{"models", models}}.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace wcam
