#include "coordinator/study/study_request.h"

#include <charconv>

#include "common/base/error.h"
#include "common/command_line/options.h"
#include "common/command_line/suggestion.h"
#include "common/study/perturbation.h"
#include "common/study/plan.h"
#include "common/study/wcam_options.h"
#include "coordinator/study/find_variants.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

std::vector<int> numbers_of(const po::variables_map& values, const char* option) {
  std::vector<int> numbers;
  for (const std::string& word : list_of(values, option)) {
    int number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size())
      throw UsageError("--" + std::string(option) + " '" + word + "' is not a number");
    numbers.push_back(number);
  }
  return numbers;
}

SelectionRule rule_of(const po::variables_map& values) {
  const std::string select = values["select"].as<std::string>();
  if (values.contains("select-file")) {
    if (!values["select"].defaulted())
      throw UsageError("--select " + select + " and --select-file exclude each other");
    return SelectionRule::kListed;
  }
  for (const SelectionRule rule : {SelectionRule::kPublished, SelectionRule::kAll})
    if (select == to_string(rule)) return rule;
  throw UsageError("--select '" + select + "' is neither published nor all" +
                   did_you_mean(select, {"published", "all"}));
}

bool matched_controls(const std::string& controls) {
  if (!controls.empty() && controls != "matched")
    throw UsageError("--controls '" + controls + "' is unknown" +
                     but_known(controls, std::vector<std::string>{"matched"}));
  return !controls.empty();
}

LabelKinds labels_explained(const std::string& text) {
  LabelKinds kinds;
  try {
    kinds = parse_label_kinds(text);
  } catch (const InputError& e) {
    throw UsageError("--explain: " + std::string(e.what()));
  }
  if (kinds.empty())
    throw UsageError("--explain names no label; known: " + to_string(LabelKinds(kLabelKinds)));
  return kinds;
}

// Of a family on disk: what an extension does not name is as the sweep has it.
void complete_places(StudyRequest& request, const Plan& base) {
  request.keeps_variants = request.variants.empty() && request.corruptions.empty() &&
                           request.severities.empty() && request.variant_names.empty();
  if (request.keeps_variants && request.images.empty()) return;  // nothing is looked for
  if (request.images.empty() && (request.variants.empty() || source_name(request).empty()))
    request.images = base.images_root;
  if (request.variants.empty()) request.variants = base.variants_root;
}

// wcam: where no option says otherwise.
StudyRequest request_of(const po::variables_map& values, const WcamSettings& wcam) {
  const auto text = [&](const char* name) {
    return values.contains(name) ? values[name].as<std::string>() : "";
  };
  StudyRequest request;
  request.images = text("images");
  request.models = text("models");
  request.cases = list_of(values, "cases");
  request.perturbation = text("perturbation");
  request.corruptions = list_of(values, "corruptions");
  request.frost_overlays = text("frost-overlays");
  request.severities = numbers_of(values, "severities");
  request.select = rule_of(values);
  request.select_file = text("select-file");
  if (values.contains("sample-size")) request.sample_size = in_range(values, "sample-size", 1, 1'000'000);
  if (values.contains("max-altered")) request.max_altered = in_range(values, "max-altered", 1, 100);
  if (values.contains("max-unaffected")) request.max_unaffected = in_range(values, "max-unaffected", 0, 100);
  request.matched_controls = matched_controls(text("controls"));
  request.only_correct = values["only-correct"].as<bool>();
  request.explain = labels_explained(text("explain"));
  request.replicates = in_range(values, "replicates", 1, kMostReplicates);
  request.labels = text("labels");
  request.variants = text("variants");
  request.variant_names = list_of(values, "variant-names");
  request.source_name = text("source-name");
  request.skip_incomplete = values["skip-incomplete"].as<bool>();
  request.seed = seed_of(values);
  request.wcam = wcam_settings(values, wcam);
  return request;
}

}  // namespace

StudyRequest study_request(const po::variables_map& values) { return request_of(values, {}); }

StudyRequest extension_request(const po::variables_map& values, const Plan& base) {
  StudyRequest request = request_of(values, base.wcam);
  const auto keep = [&](const char* option, auto& asked, const auto& own) {
    if (values[option].empty() || values[option].defaulted()) asked = own;
  };
  keep("perturbation", request.perturbation, base.perturbation);
  if (!values.contains("select-file")) keep("select", request.select, base.selection.rule);
  keep("max-altered", request.max_altered, std::optional(base.selection.max_altered));
  keep("max-unaffected", request.max_unaffected, std::optional(base.selection.max_unaffected));
  keep("controls", request.matched_controls, base.selection.matched_controls);
  keep("only-correct", request.only_correct, base.selection.only_correct);
  keep("explain", request.explain, base.explain);
  keep("replicates", request.replicates, base.replicates);
  keep("seed", request.seed, base.seed);
  if (request.select != SelectionRule::kPublished)
    request.max_altered = request.max_unaffected = std::nullopt;
  if (request.matched_controls) request.max_unaffected = std::nullopt;
  // With --select all every image that is there, as before; where fewer were asked for, as many.
  const bool all = base.selection.rule == SelectionRule::kAll &&
                   static_cast<std::size_t>(base.selection.sample_size) == base.images.size();
  if (!request.sample_size && !all && request.select != SelectionRule::kListed)
    request.sample_size = base.selection.sample_size;
  if (is_on_disk(request.perturbation)) complete_places(request, base);
  request.base = base;
  return request;
}

}  // namespace wcam
