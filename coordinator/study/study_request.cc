#include "coordinator/study/study_request.h"

#include <charconv>

#include "common/base/error.h"
#include "common/command_line/options.h"
#include "common/command_line/suggestion.h"
#include "common/study/wcam_options.h"

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

}  // namespace

StudyRequest study_request(const po::variables_map& values) {
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
  request.variants = text("variants");
  request.variant_names = list_of(values, "variant-names");
  request.source_name = text("source-name");
  request.skip_incomplete = values["skip-incomplete"].as<bool>();
  request.seed = seed_of(values);
  request.wcam = wcam_settings(values);
  return request;
}

}  // namespace wcam
