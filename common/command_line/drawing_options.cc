#include "common/command_line/drawing_options.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <functional>

#include "common/base/error.h"
#include "common/command_line/suggestion.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

constexpr double kLowestDpi = 10, kHighestDpi = 1200;

std::function<void(const std::string&)> one_of(const std::string& kind,
                                               const std::vector<std::string>& known) {
  return [&known, kind](const std::string& name) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw UsageError("unknown " + kind + " '" + name + "'" + but_known(name, known));
  };
}

void check_dpi(double dpi) {
  if (!(dpi >= kLowestDpi && dpi <= kHighestDpi))
    throw UsageError(fmt::format("--dpi {:.6g} is outside {:.0f} to {:.0f}", dpi, kLowestDpi, kHighestDpi));
}

}  // namespace

po::options_description drawing_options(const std::string& range) {
  po::options_description options("Drawing");
  options.add_options()  //
      ("colour-map",
       po::value<std::string>()->default_value("jet")->notifier(one_of("colour map", kColourMaps)),
       "jet|viridis; published: jet")  //
      ("range", po::value<std::string>()->default_value(range)->notifier(one_of("range", kRanges)),
       "panel|row|figure: whose maps share one range of colours; published: panel, none")  //
      ("dpi", po::value<double>()->default_value(100)->notifier(check_dpi),
       "pixels an inch of a PNG, 10 to 1200");
  return options;
}

std::vector<std::string> drawing_words(const po::variables_map& values) {
  std::vector<std::string> words;
  for (const char* option : {"colour-map", "range"})
    if (!values[option].defaulted())
      words.insert(words.end(), {std::string("--") + option, values[option].as<std::string>()});
  if (!values["dpi"].defaulted())
    words.insert(words.end(), {"--dpi", fmt::format("{}", values["dpi"].as<double>())});
  return words;
}

}  // namespace wcam
