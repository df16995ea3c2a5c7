// wcam-plot: draws figures from stored results.
#include <iostream>
#include <set>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/drawing_options.h"
#include "common/command_line/options.h"
#include "common/command_line/verbs.h"
#include "common/study/class_names.h"
#include "plotting/sweep_figures.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

// Once of each text, however many figures have it.
void warn_of_boxes(const std::string& text, const std::string& packages) {
  static std::set<std::string> warned;
  if (warned.insert(text).second)
    std::cerr << "warning: no installed font has all characters of '" << text
              << "', which are drawn as boxes: apt-get install " << packages << ", then draw again\n";
}

DrawOptions drawing_of(const po::variables_map& values) {
  DrawOptions options;
  options.on_unreadable = warn_of_boxes;
  options.colour_map = parse_colour_map(values["colour-map"].as<std::string>());
  options.range = parse_range_scope(values["range"].as<std::string>());
  options.dpi = values["dpi"].as<double>();
  return options;
}

std::vector<Format> formats_of(const std::string& list) {
  std::vector<Format> formats;
  for (const std::string& name : split_list(list)) formats.push_back(parse_format(name));
  if (formats.empty()) throw UsageError("--format names no format; known: pdf, png, svg");
  return formats;
}

CommandLine sweep_command_line(const std::string& verb, const std::string& about) {
  CommandLine line;
  line.usage = "wcam plot " + verb + " SWEEP [options]";
  line.about = about + " Reads stored results only: images and models may be gone.";
  line.example = "wcam plot " + verb + " my-sweep --format pdf --image 0";
  line.options.add_options()  //
      ("sweep", po::value<std::string>()->value_name("FILE")->required(),
       "the sweep's directory, or its results.h5")  //
      ("out", po::value<std::string>()->value_name("DIR"),
       "folder for the figures; without it SWEEP/figures")                                             //
      ("format", po::value<std::string>()->default_value("pdf,png"), "of pdf, png, svg, with commas")  //
      ("image", po::value<std::vector<std::string>>(),
       "only this image: its number in the sample, from 0, or the end of its path; repeatable")  //
      ("case", po::value<std::vector<std::string>>(), "only this case; repeatable");
  line.options.add(drawing_options("panel"));
  line.positional.add("sweep", 1);
  return line;
}

FigureRequest request_of(const po::variables_map& values) {
  FigureRequest request;
  request.sweep = values["sweep"].as<std::string>();
  const SweepDirectory directory{fs::is_directory(request.sweep) ? request.sweep
                                                                 : request.sweep.parent_path()};
  request.out = values.contains("out") ? fs::path(values["out"].as<std::string>()) : directory.figures();
  request.formats = formats_of(values["format"].as<std::string>());
  if (values.contains("image")) request.images = values["image"].as<std::vector<std::string>>();
  if (values.contains("case")) request.cases = values["case"].as<std::vector<std::string>>();
  request.draw = drawing_of(values);
  return request;
}

void tell_doubtful(std::size_t number) {
  if (number > 0)
    std::cerr << "note: " << counted(number, "WCAM") << " in these figures " << (number == 1 ? "is" : "are")
              << " doubtful, marked '?': docs/reading_results.md tells why\n";
}

void print_path(const fs::path& file) { std::cout << file.string() << std::endl; }

ExitCode draw_figure4(const Arguments& arguments) {
  const auto values = parse_command_line(
      sweep_command_line(
          "figure-4",
          "One figure an image and case: source, corrupted but unaffected, corrupted and affected, with "
          "their WCAMs, as figure-4/{perturbation}_{case}_{image}."),
      arguments);
  if (values) tell_doubtful(draw_figure4_files(request_of(*values), print_path));
  return ExitCode::kDone;
}

ExitCode draw_figure5(const Arguments& arguments) {
  const auto values = parse_command_line(
      sweep_command_line("figure-5",
                         "One figure an image: the WCAMs of source and altered image under every case, as "
                         "figure-5/robust_training_{perturbation}_{image}."),
      arguments);
  if (values) tell_doubtful(draw_figure5_files(request_of(*values), print_path));
  return ExitCode::kDone;
}

ExitCode draw_wcam(const Arguments& arguments) {
  CommandLine line;
  line.usage = "wcam plot wcam FILE.h5 --out FIGURE.png|.pdf|.svg [options]";
  line.about = "One WCAM beside its image, with a colour bar.";
  line.example = "wcam plot wcam cat.h5 --out cat.png";
  line.options.add_options()  //
      ("file", po::value<std::string>()->value_name("FILE")->required(),
       "what 'wcam explain' wrote, a results.h5, or a sweep's directory")  //
      ("out", po::value<std::string>()->value_name("FILE")->required(),
       "the figure; its ending is the format")  //
      ("row", po::value<std::int64_t>(),
       "which WCAM of a file that holds several: row N of its columns, from 0, as h5py counts")  //
      ("image", po::value<std::string>(),
       "or the one of this image, its path or what follows a '/' of it")                                  //
      ("variant", po::value<std::string>(), "and this variant, e.g. source, corruptions/jpeg/5, jpeg/5")  //
      ("case", po::value<std::string>(), "and this case")                                                 //
      ("classes", po::value<std::string>()->value_name("FILE"),
       "file of class names: one a line, or another form that docs/models.md lists");
  line.options.add(drawing_options("figure"));
  line.positional.add("file", 1);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  WcamRequest request;
  request.store = (*values)["file"].as<std::string>();
  request.out = (*values)["out"].as<std::string>();
  if (values->contains("row")) {
    const auto row = (*values)["row"].as<std::int64_t>();
    if (row < 0) throw UsageError("--row " + std::to_string(row) + " is below 0, the first row");
    request.choice.row = static_cast<std::uint64_t>(row);
  }
  for (const auto& [option, name] :
       {std::pair("image", &request.choice.image), std::pair("variant", &request.choice.variant),
        std::pair("case", &request.choice.case_name)})
    if (values->contains(option)) *name = (*values)[option].as<std::string>();
  request.draw = drawing_of(*values);
  const std::string ending = request.out.extension().string();
  request.draw.format = parse_format(ending.empty() ? ending : ending.substr(1));
  if (values->contains("classes")) request.classes = read_class_names((*values)["classes"].as<std::string>());
  draw_wcam_file(request);
  print_path(request.out);
  return ExitCode::kDone;
}

constexpr VerbAction kActions[] = {
    {"figure-4", draw_figure4},
    {"figure-5", draw_figure5},
    {"wcam", draw_wcam},
};

constexpr VerbProgram kProgram{"wcam-plot", "figures from stored results alone", "wcam plot figure-5 study",
                               kActions};
static_assert(acts_on_its_verbs(kProgram));

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) { return wcam::run_verbs(wcam::kProgram, argc, argv); }
