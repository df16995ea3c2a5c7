#include "coordinator/study/study_options.h"

#include <boost/program_options/value_semantic.hpp>
#include <charconv>

#include "common/base/error.h"
#include "common/command_line/options.h"

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
  throw UsageError("--select '" + select + "' is neither published nor all");
}

}  // namespace

po::options_description study_options() {
  const StudyRequest d;
  const SelectionSettings selection;
  const auto text = [] { return po::value<std::string>(); };
  po::options_description options("What to compute");
  options.add_options()  //
      ("images", text()->value_name("DIR"),
       "folder of images; without it and --models, the sweep's own plan is resumed")                     //
      ("models", text()->value_name("FILE"), "models.json: the classifiers")                             //
      ("cases", text(), "names of models, comma-separated, in the order of the figures' columns (all)")  //
      ("perturbation", text()->default_value(d.perturbation),
       "corruptions|imagenet-c|editing|folders")                                   //
      ("corruptions", text(), "comma-separated; all: every one (the study's 14)")  //
      ("frost-overlays", text()->value_name("DIR"),
       "folder of photographs of frosted glass, for the corruption frost")  //
      ("severities", text(), "comma-separated subset of 1 to 5 (all)")      //
      ("select", po::value<std::string>()->default_value("published"),
       "published|all: images of which some variant changes the prediction of every case, or every image, "
       "variant and case")  //
      ("select-file", text()->value_name("FILE"),
       "explain what this file lists: IMAGE [tab VARIANT [tab CASE]] a line")  //
      ("sample-size", po::value<int>(),
       ("images explained, 1 to 1000000 (" + std::to_string(selection.sample_size) +
        "; with --select all: every image)")
           .c_str())  //
      ("max-altered", po::value<int>(),
       ("altered variants explained per image, 1 to 100 (" + std::to_string(selection.max_altered) + ")")
           .c_str())  //
      ("seed", text()->default_value(std::to_string(d.seed)),
       "of the order of images, the choice of variants and the noise of corruptions");
  options.add_options()  //
      ("variants", text()->value_name("DIR"),
       "folder of variants, for every perturbation but corruptions (docs/variants.md)")                //
      ("variant-names", text(), "comma-separated subset of editing's or folders' variants (all)")      //
      ("source-name", text(), "which folder in --variants holds the unaltered images (editing: ori)")  //
      ("skip-incomplete", po::bool_switch(), "leave out images that a variant lacks, instead of refusing");
  options.add(wcam_options());
  return options;
}

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
