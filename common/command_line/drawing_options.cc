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

constexpr double kLowestDpi = 10, kHighestDpi = 1200, kLargestCut = 10;

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

void check_cut(double percent) {
  if (!(percent >= 0 && percent <= kLargestCut))
    throw UsageError(fmt::format("--cut {:.6g} is outside 0 to {:.0f}", percent, kLargestCut));
}

}  // namespace

po::options_description drawing_options() {
  po::options_description options("Drawing");
  options.add_options()  //
      ("style", po::value<std::string>()->default_value("paper")->notifier(one_of("style", kStyles)),
       "paper|published: as a paper takes it, at its final size, beside a text for its caption, or as in the "
       "published figures")  //
      ("colour-map", po::value<std::string>()->notifier(one_of("colour map", kColourMaps)),
       "jet|viridis|ink; without it ink, published: jet")  //
      ("range", po::value<std::string>()->notifier(one_of("range", kRanges)),
       "row|figure: whose maps share one range of colours; without it row. Published: panel|row|figure, "
       "without it panel")  //
      ("interpolation", po::value<std::string>()->notifier(one_of("interpolation", kInterpolations)),
       "nearest|smooth: cells as they are, or smoothed within each subband alone; without it nearest. Not of "
       "published, which is bicubic across subbands")  //
      ("venue", po::value<std::string>()->notifier(one_of("venue", kVenues)),
       "neurips|icml|acl: the figure is 5.5, 6.75 or 6.8 in wide; without it neurips. Not of published")  //
      ("columns", po::value<int>(),
       "of the venue's page that the figure spans: 1 is 3.25 in of icml, 3.3 in of acl; without it all")  //
      ("cut", po::value<double>()->notifier(check_cut),
       "percent of a scale's cells, the largest, drawn in its last colour, 0 to 10; without it 1. Not "
       "of "
       "published")  //
      ("dpi", po::value<double>()->notifier(check_dpi),
       "pixels an inch of a PNG, 10 to 1200; without it 300, published: 100");
  return options;
}

void check_drawing(const po::variables_map& values) {
  const bool published = values["style"].as<std::string>() == "published";
  for (const char* option : {"interpolation", "venue", "columns", "cut"})
    if (published && values.contains(option))
      throw UsageError(std::string("--") + option + " goes with --style paper");
  if (!published && values.contains("range") && values["range"].as<std::string>() == "panel")
    throw UsageError("--range panel goes with --style published: on paper maps of a row can be compared");
}

std::vector<std::string> drawing_words(const po::variables_map& values) {
  std::vector<std::string> words;
  if (!values["style"].defaulted()) words = {"--style", values["style"].as<std::string>()};
  for (const std::string option : {"colour-map", "range", "interpolation", "venue"})
    if (values.contains(option)) words.insert(words.end(), {"--" + option, values[option].as<std::string>()});
  if (values.contains("columns"))
    words.insert(words.end(), {"--columns", std::to_string(values["columns"].as<int>())});
  for (const std::string option : {"cut", "dpi"})
    if (values.contains(option))
      words.insert(words.end(), {"--" + option, fmt::format("{}", values[option].as<double>())});
  return words;
}

}  // namespace wcam
