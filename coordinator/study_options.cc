#include "coordinator/study_options.h"

#include <boost/program_options/value_semantic.hpp>
#include <charconv>

#include "common/error.h"
#include "common/options.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

std::vector<int> split_numbers(const char* option, const std::string& list) {
  std::vector<int> numbers;
  for (const std::string& word : split_list(list)) {
    int number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size())
      throw UsageError(std::string(option) + " '" + word + "' is not a number");
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

po::options_description study_options() {
  const StudyRequest d;
  const auto text = [] { return po::value<std::string>(); };
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  po::options_description options("What to compute");
  options.add_options()                                                                                   //
      ("images", text(), "folder of images; without it and --models, the sweep's own plan is resumed")    //
      ("models", text(), "models.json: the classifiers")                                                  //
      ("cases", text(), "names of models, comma-separated, in the order of the figures' columns (all)")   //
      ("perturbation", text()->default_value(d.perturbation), "family of altered images")                 //
      ("corruptions", text(), "comma-separated; all: every one (the study's 14)")                         //
      ("severities", text(), "comma-separated subset of 1 to 5 (all)")                                    //
      ("sample-size", number(d.selection.sample_size), "images explained, 1 to 1000000")                  //
      ("max-altered", number(d.selection.max_altered), "altered variants explained per image, 1 to 100")  //
      ("seed", po::value<std::uint64_t>()->default_value(d.seed),
       "of the order of images, the choice of variants and the noise of corruptions");
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
  request.cases = split_list(text("cases"));
  request.perturbation = text("perturbation");
  request.corruptions = split_list(text("corruptions"));
  request.severities = split_numbers("--severities", text("severities"));
  request.selection.sample_size = in_range(values, "sample-size", 1, 1'000'000);
  request.selection.max_altered = in_range(values, "max-altered", 1, 100);
  request.seed = values["seed"].as<std::uint64_t>();
  request.wcam = wcam_settings(values);
  return request;
}

}  // namespace wcam
