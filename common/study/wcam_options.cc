#include "common/study/wcam_options.h"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <boost/program_options/variables_map.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/base/error.h"
#include "common/base/json_integer.h"
#include "common/command_line/suggestion.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

template <typename E>
struct Name {
  E value;
  std::string_view text;
};

constexpr Name<Mode> kModes[] = {{Mode::kReference, "reference"}, {Mode::kCorrected, "corrected"}};
constexpr Name<Approximation> kApproximations[] = {
    {Approximation::kPerturb, "perturb"}, {Approximation::kKeep, "keep"}, {Approximation::kDrop, "drop"}};
constexpr Name<Sampler> kSamplers[] = {{Sampler::kSobol, "sobol"},
                                       {Sampler::kTorchSobol, "torch-sobol"},
                                       {Sampler::kHalton, "halton"},
                                       {Sampler::kLatinHypercube, "lhs"},
                                       {Sampler::kMonteCarlo, "monte-carlo"}};
constexpr Name<Estimator> kEstimators[] = {
    {Estimator::kJansen, "jansen"}, {Estimator::kHomma, "homma"},       {Estimator::kJanon, "janon"},
    {Estimator::kGlen, "glen"},     {Estimator::kSaltelli, "saltelli"}, {Estimator::kGradient, "gradient"}};
constexpr Name<Order> kOrders[] = {{Order::kTotal, "total"}, {Order::kFirst, "first"}};

template <typename E, std::size_t n>
std::string_view name_of(const Name<E> (&names)[n], E value) {
  for (const auto& name : names)
    if (name.value == value) return name.text;
  invariant_broken("an enumerator without a name");
}

template <typename E, std::size_t n>
std::string choices(const Name<E> (&names)[n]) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : "|") + std::string(name.text);
  return list;
}

template <typename E, std::size_t n>
E parse(const Name<E> (&names)[n], const char* option, const std::string& text) {
  for (const auto& name : names)
    if (name.text == text) return name.value;
  throw UsageError(std::string(option) + " '" + text + "' is unknown" +
                   but_known(text, names, &Name<E>::text));
}

}  // namespace

std::string_view to_string(Mode value) { return name_of(kModes, value); }
std::string_view to_string(Approximation value) { return name_of(kApproximations, value); }
std::string_view to_string(Sampler value) { return name_of(kSamplers, value); }
std::string_view to_string(Estimator value) { return name_of(kEstimators, value); }
std::string_view to_string(Order value) { return name_of(kOrders, value); }

bool is_from_gradients(std::string_view estimator) {
  return estimator.starts_with(to_string(Estimator::kGradient));
}

po::options_description wcam_options() {
  const WcamSettings d;
  const auto text = [](std::string_view value) {
    return po::value<std::string>()->default_value(std::string(value));
  };
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  po::options_description options("WCAM");
  options.add_options()                                                                  //
      ("grid", number(d.grid), "cells a side of the grid of masks, 2 to 112")            //
      ("nb-design", number(d.nb_design), "N, design points: a power of two, 2 to 4096")  //
      ("budget", po::value<int>(),
       "with --estimator gradient, in place of --nb-design: forwards a WCAM, three a point (48)")       //
      ("levels", number(d.levels), "levels of the Haar transform, 1 to 5")                              //
      ("mode", text(to_string(d.mode)), choices(kModes).c_str())                                        //
      ("approximation", text(to_string(d.approximation)), choices(kApproximations).c_str())             //
      ("sampler", text(to_string(d.sampler)), choices(kSamplers).c_str())                               //
      ("design-seed", po::value<std::uint64_t>()->default_value(d.design_seed), "seed of the sampler")  //
      ("estimator", text(to_string(d.estimator)), choices(kEstimators).c_str())                         //
      ("order", text(to_string(d.order)),
       (choices(kOrders) + ": Sobol indices of total or first order").c_str())  //
      ("sufficient", po::bool_switch(),
       "ask the classifier from how many of the most important cells on it gives the class explained");
  return options;
}

namespace {

// --nb-design or --budget; nullopt: neither was given.
std::optional<int> points_asked(const po::variables_map& values, Estimator estimator) {
  const bool has_points = !values["nb-design"].defaulted();
  if (!values.contains("budget"))
    return has_points ? std::optional(values["nb-design"].as<int>()) : std::nullopt;
  if (has_points)
    throw UsageError("--budget and --nb-design exclude each other: either says how many points");
  if (estimator != Estimator::kGradient)
    throw UsageError("--budget goes with --estimator gradient; with " + std::string(to_string(estimator)) +
                     " --nb-design says how many points");
  constexpr int kLeast = 3 * kForwardsAGradient, kMost = 4096 * kForwardsAGradient;
  const int budget = values["budget"].as<int>();
  check_range("budget", budget, kLeast, kMost);
  return budget / kForwardsAGradient;
}

}  // namespace

WcamSettings wcam_settings(const po::variables_map& values, const WcamSettings& usual) {
  const auto text = [&](const char* name) { return values[name].as<std::string>(); };
  const auto given = [&](const char* name) { return !values[name].defaulted(); };
  WcamSettings s = usual;
  if (given("grid")) s.grid = values["grid"].as<int>();
  if (given("levels")) s.levels = values["levels"].as<int>();
  if (given("mode")) s.mode = parse(kModes, "--mode", text("mode"));
  if (given("approximation"))
    s.approximation = parse(kApproximations, "--approximation", text("approximation"));
  if (given("sampler")) s.sampler = parse(kSamplers, "--sampler", text("sampler"));
  if (given("design-seed")) s.design_seed = values["design-seed"].as<std::uint64_t>();
  if (given("estimator")) s.estimator = parse(kEstimators, "--estimator", text("estimator"));
  if (given("order")) s.order = parse(kOrders, "--order", text("order"));
  if (given("sufficient")) s.sufficient = values["sufficient"].as<bool>();
  if (const auto points = points_asked(values, s.estimator))
    s.nb_design = *points;
  else if ((s.estimator == Estimator::kGradient) != (usual.estimator == Estimator::kGradient))
    s.nb_design = s.estimator == Estimator::kGradient ? kGradientPoints : WcamSettings{}.nb_design;
  check(s);
  return s;
}

nlohmann::json to_json(const WcamSettings& s) {
  nlohmann::json json{{"grid", s.grid},
                      {"nb_design", s.nb_design},
                      {"levels", s.levels},
                      {"mode", to_string(s.mode)},
                      {"approximation", to_string(s.approximation)},
                      {"sampler", to_string(s.sampler)},
                      {"design_seed", s.design_seed},
                      {"estimator", to_string(s.estimator)},
                      {"order", to_string(s.order)}};
  if (!s.design.empty()) json["design"] = s.design;
  if (s.sufficient) json["sufficient"] = true;  // plans without it stay as they were
  return json;
}

WcamSettings wcam_settings_from_json(const nlohmann::json& json) try {
  const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
  WcamSettings s;
  s.grid = integer_of<int>(json.at("grid"));
  s.nb_design = integer_of<int>(json.at("nb_design"));
  s.levels = integer_of<int>(json.at("levels"));
  s.mode = parse(kModes, "mode", text("mode"));
  s.approximation = parse(kApproximations, "approximation", text("approximation"));
  s.sampler = parse(kSamplers, "sampler", text("sampler"));
  s.design_seed = integer_of<std::uint64_t>(json.at("design_seed"));
  s.estimator = parse(kEstimators, "estimator", text("estimator"));
  s.order = parse(kOrders, "order", text("order"));
  s.design = json.value("design", "");
  s.sufficient = json.value("sufficient", false);
  check(s);
  return s;
} catch (const nlohmann::json::exception& e) {
  throw InputError(std::string("WCAM settings: ") + e.what());
} catch (const UsageError& e) {
  throw InputError(std::string("WCAM settings: ") + e.what());
}

}  // namespace wcam
