#include "worker/models/check_report.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/message_text.h"
#include "common/study/wcam_settings.h"

using nlohmann::json;

namespace wcam {

namespace {

// A better normalisation is reported when chance gives as much once in a hundred times.
constexpr double kSignificant = 0.01;
// With fewer photographs a network that gets one in five right may well get none.
constexpr std::int64_t kEnoughForChance = 20;
// A share of the photographs by which another normalisation is better on them that asks for more of them.
constexpr double kWorthMore = 0.1;
// With as many, all but small differences show.
constexpr std::int64_t kPlenty = 100;

const std::vector<bool>& declared_hits(const CaseCheck& check) { return check.tried.front().hits.top1; }

// The alternative that beats the declared one most clearly; nullptr when none does.
const CaseCheck::Tried* better_one(const CaseCheck& check) {
  const CaseCheck::Tried* best = nullptr;
  double best_chance = kSignificant;
  for (std::size_t i = 1; i < check.tried.size(); ++i) {
    const double chance = chance_of_beating(check.tried[i].hits.top1, declared_hits(check));
    if (chance >= best_chance) continue;
    best = &check.tried[i];
    best_chance = chance;
  }
  return best;
}

bool may_be_guessing(const CaseCheck& check, const CaseCheck::Tried& tried) {
  return chance_of_guessing(tried.hits.top1, check.classes) > kSignificant;
}

bool looks_guessing(const CaseCheck& check) {
  return !check.tried.empty() && std::ssize(declared_hits(check)) >= kEnoughForChance &&
         may_be_guessing(check, check.tried.front());
}

// Outputs of a trained network hardly vary, too, when it is normalised quite wrongly: it is none that is
// right on photographs by any normalisation. And probabilities spread otherwise than logits.
bool judged_random(const CaseCheck& check) {
  const bool guesses = std::all_of(check.tried.begin(), check.tried.end(),
                                   [&](const auto& tried) { return may_be_guessing(check, tried); });
  return guesses && check.outputs == OutputKind::kLogits && !is_for_bytes(check.spec) &&
         looks_random(check.on_pictures) && looks_random(check.on_photographs.value_or(check.on_pictures));
}

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

std::string random_text(const Spread& spread) {
  const std::string why =
      spread.entropy_share > kNearUniform
          ? fmt::format(
                "its outputs are near-uniform, with {:.0f} % of the entropy of guessing (trained networks: "
                "at most 70)",
                100 * spread.entropy_share)
          : fmt::format(
                "its outputs hardly depend on the picture, from which {:.0f} % of their variance comes "
                "(trained networks: at least 47)",
                100 * spread.picture_share);
  return "it looks like a random network: " + why +
         ": were the weights loaded? Load them with strict=True; else, are mean and std those it was trained "
         "with?";
}

// What is wrong with mean and std alone; empty when nothing seems to be.
std::string normalisation_text(const CaseCheck& check) {
  if (const CaseCheck::Tried* better = better_one(check))
    return fmt::format("it gets {} of {} right when normalised '{}', {} as models.json says: {}",
                       count(better->hits.top1), counted(std::ssize(better->hits.top1), "photograph"),
                       better->normalisation.name, count(declared_hits(check)), better->normalisation.remedy);
  return normalisation_problem(check.spec);
}

std::string percent(const Share& share) {
  return fmt::format("{:.1f} % ({:.1f} to {:.1f})", 100 * share.value, 100 * share.low, 100 * share.high);
}

Share share_of(const std::vector<bool>& hits) { return wilson(count(hits), std::ssize(hits)); }

std::string accuracy_text(const CaseCheck& check) {
  const Hits& declared = check.tried.front().hits;
  std::string text = "  top-1 " + percent(share_of(declared.top1)) + ", top-5 " +
                     percent(share_of(declared.top5)) + ", of " +
                     counted(std::ssize(declared.top1), "photograph") + "\n";
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
  json object{{"name", check.spec.name}, {"usable", check.failure.empty()}, {"warnings", warnings(check)}};
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
  if (const std::string doubt = inconclusive(check); !doubt.empty()) object["inconclusive"] = doubt;
  for (const auto& [normalisation, hits] : check.tried)
    object["accuracy"].push_back({{"normalised", normalisation.name},
                                  {"mean", normalisation.mean},
                                  {"std", normalisation.std},
                                  {"photographs", hits.top1.size()},
                                  {"top1", to_json(share_of(hits.top1))},
                                  {"top5", to_json(share_of(hits.top5))}});
  return object;
}

}  // namespace

std::vector<std::string> warnings(const CaseCheck& check) {
  if (!check.failure.empty()) return {};
  std::vector<std::string> texts;
  if (check.outputs != OutputKind::kLogits)
    texts.push_back(std::string("it returns ") + to_string(check.outputs) +
                    ": WCAMs explain logits, so export it without its last soft-max");
  const std::string normalisation = normalisation_text(check);
  if (!normalisation.empty())
    texts.push_back(normalisation);
  else if (judged_random(check))
    texts.push_back(random_text(check.on_pictures));
  else if (looks_guessing(check))
    texts.push_back(
        fmt::format("it gets {} of {} photographs right, which guessing among {} classes may give: are its "
                    "classes in the order of the labels?",
                    count(declared_hits(check)), declared_hits(check).size(), check.classes));
  const std::string side = side_problem(WcamSettings{}, check.spec.input_size, "input_size");
  if (!side.empty()) texts.push_back("wcam run will refuse it: " + side);
  if (!check.misnamed.empty()) texts.push_back(check.misnamed);
  if (!check.not_checked.empty()) texts.push_back("accuracy not checked: " + check.not_checked);
  return texts;
}

std::string inconclusive(const CaseCheck& check) {
  if (!check.failure.empty() || check.tried.empty() || !normalisation_text(check).empty() ||
      judged_random(check) || looks_guessing(check))
    return "";
  const std::int64_t photographs = std::ssize(declared_hits(check)), right = count(declared_hits(check));
  const auto best =
      std::max_element(check.tried.begin(), check.tried.end(),
                       [](const auto& a, const auto& b) { return count(a.hits.top1) < count(b.hits.top1); });
  const std::int64_t more = count(best->hits.top1) - right;
  // Another normalisation that is right on all beats it by more than chance only if enough are left to it.
  const std::vector<bool> all(declared_hits(check).size(), true);
  const bool cannot_be_beaten = chance_of_beating(all, declared_hits(check)) >= kSignificant;
  std::string why = fmt::format("{} right as models.json says", right);
  if (more > 0 && static_cast<double>(more) >= kWorthMore * static_cast<double>(photographs))
    why += fmt::format(", {} when normalised '{}'", right + more, best->normalisation.name);
  else if (may_be_guessing(check, check.tried.front()))
    why += ", as guessing may give";
  else if (!cannot_be_beaten || wilson(right, photographs).low >= 0.5)
    return "";
  return counted(photographs, "photograph") + " cannot tell whether it is normalised as it was trained (" +
         why + "): give " + (photographs < kPlenty ? "about " + std::to_string(kPlenty) : "more");
}

std::string to_text(const CaseCheck& check) {
  std::string text = check.spec.name;
  if (check.classes != 0)
    text += fmt::format(": {} classes, {:.1f} MiB, loaded in {:.2f} s", check.classes,
                        static_cast<double>(check.bytes) / (1 << 20), check.load_seconds);
  if (!check.failure.empty()) return text + "\n  cannot be used: " + check.failure + "\n";
  text += fmt::format(", {:.1f} ms an image\n", 1000 * check.image_seconds);
  if (!check.tried.empty()) text += accuracy_text(check);
  const std::vector<std::string> found = warnings(check);
  for (const std::string& warning : found) text += "  warning: " + warning + "\n";
  const std::string doubt = inconclusive(check);
  if (!doubt.empty()) return text + "  inconclusive: " + doubt + "\n";
  return found.empty() ? text + "  ok\n" : text;
}

std::string to_json_text(std::span<const CaseCheck> checks) {
  json models = json::array();
  for (const CaseCheck& check : checks) models.push_back(to_json(check));
  // A failure may name a file, whose name may be any bytes.
  return json{{"models", models}}.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace wcam
