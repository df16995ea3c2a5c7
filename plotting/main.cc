// wcam-plot: draws figures and reports from stored results.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <thread>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/drawing_options.h"
#include "common/command_line/options.h"
#include "common/command_line/suggestion.h"
#include "common/command_line/verbs.h"
#include "common/study/class_names.h"
#include "plotting/gallery/gallery.h"
#include "plotting/lone_wcam.h"
#include "plotting/page_layout.h"
#include "plotting/report/report_command.h"
#include "plotting/sweep_figures.h"
#include "plotting/unreadable_text.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

constexpr double kLargestPageMb = 400;  // Chromium's texts end at 512 MB

std::string venue_of(const po::variables_map& values) {
  return values.contains("venue") ? values["venue"].as<std::string>() : "neurips";
}

DrawOptions drawing_of(const po::variables_map& values) {
  check_drawing(values);
  DrawOptions options;
  options.on_unreadable = warn_of_boxes;
  if (values["style"].as<std::string>() == "published") options.style = Style::kPublished;
  if (values.contains("colour-map"))
    options.colour_map = parse_colour_map(values["colour-map"].as<std::string>());
  if (values.contains("range")) options.range = parse_range_scope(values["range"].as<std::string>());
  if (values.contains("dpi")) options.dpi = values["dpi"].as<double>();
  if (values.contains("interpolation"))
    options.interpolation = parse_interpolation(values["interpolation"].as<std::string>());
  if (values.contains("cut")) options.cut_percent = values["cut"].as<double>();
  options.width_pt =
      venue_width_pt(venue_of(values), values.contains("columns") ? values["columns"].as<int>() : 0);
  return options;
}

std::vector<Format> formats_of(const std::string& list) {
  std::vector<Format> formats;
  for (const std::string& name : split_list(list)) formats.push_back(parse_format(name));
  if (formats.empty()) throw UsageError("--format names no format; known: pdf, png, svg");
  return formats;
}

LabelKind label_kind_of(const std::string& name) {
  std::vector<std::string> known;
  for (const LabelKind kind : kLabelKinds) {
    if (to_string(kind) == name) return kind;
    known.push_back(to_string(kind));
  }
  throw UsageError("unknown label '" + name + "'" + but_known(name, known));
}

CommandLine sweep_command_line(const std::string& verb, const std::string& about) {
  CommandLine line;
  line.usage = "wcam plot " + verb + " SWEEP [options]";
  line.about =
      about +
      " Beside each a text for its caption (.txt). Reads stored results only: images and models may be gone.";
  line.example = "wcam plot " + verb + " my-sweep --format pdf --image 0 --venue icml --columns 1";
  line.options.add_options()  //
      ("sweep", po::value<std::string>()->value_name("FILE")->required(),
       "the sweep's directory, or its results.h5")  //
      ("out", po::value<std::string>()->value_name("DIR"),
       "folder for the figures; without it SWEEP/figures")                                             //
      ("format", po::value<std::string>()->default_value("pdf,png"), "of pdf, png, svg, with commas")  //
      ("image", po::value<std::vector<std::string>>(),
       "only this image: its number in the sample, from 0, or the end of its path; repeatable")  //
      ("case", po::value<std::vector<std::string>>(), "only this case; repeatable")              //
      ("variant", po::value<std::string>(),
       "the variant to show, e.g. jpeg/5, in place of each image's first altered one")  //
      ("role-index", po::value<std::uint32_t>(),
       "or the altered one with this number among the image's, from 0")  //
      ("label-explained", po::value<std::string>(),
       "predicted|source|true: maps that explain this class; without it predicted, where that is not there "
       "another")  //
      ("replicate", po::value<std::uint32_t>(),
       "this replicate alone, from 0; without it the mean of all. Not of published, which shows 0");
  line.options.add(drawing_options());
  line.positional.add("sweep", 1);
  return line;
}

SweepDirectory sweep_directory_of(const fs::path& sweep) {
  return {fs::is_directory(sweep) ? sweep : sweep.parent_path()};
}

FigureRequest request_of(const po::variables_map& values) {
  FigureRequest request;
  request.sweep = values["sweep"].as<std::string>();
  request.out = values.contains("out") ? fs::path(values["out"].as<std::string>())
                                       : sweep_directory_of(request.sweep).figures();
  request.formats = formats_of(values["format"].as<std::string>());
  if (values.contains("image")) request.choice.images = values["image"].as<std::vector<std::string>>();
  if (values.contains("case")) request.choice.cases = values["case"].as<std::vector<std::string>>();
  if (values.contains("variant")) request.choice.variant.variant = values["variant"].as<std::string>();
  if (values.contains("role-index"))
    request.choice.variant.role_index = values["role-index"].as<std::uint32_t>();
  if (request.choice.variant.variant && request.choice.variant.role_index)
    throw UsageError("--variant and --role-index exclude each other: both say which variant is shown");
  if (values.contains("label-explained"))
    request.choice.variant.label = label_kind_of(values["label-explained"].as<std::string>());
  if (values.contains("replicate"))
    request.choice.variant.replicate = values["replicate"].as<std::uint32_t>();
  request.draw = drawing_of(values);
  if (request.draw.style == Style::kPublished && values.contains("replicate"))
    throw UsageError("--replicate goes with --style paper: published figures show replicate 0");
  request.threads = std::max(std::thread::hardware_concurrency(), 1U);
  return request;
}

void tell_doubtful(const DrawnFigures& drawn) {
  const auto tell = [](std::size_t number, const std::string& where, const std::string& how) {
    if (number > 0)
      std::cerr << "note: " << counted(number, "WCAM") << where << (number == 1 ? " is" : " are")
                << " doubtful, " << how << ": docs/reading_results.md tells why\n";
  };
  tell(drawn.doubtful, " in these figures", "marked '?'");
  tell(drawn.doubtful_in_means, " in the means of these figures", "counted below the maps");
}

void tell_too_high(const DrawnFigures& drawn, bool across_the_page) {
  if (drawn.too_high == 0) return;
  const bool one = drawn.too_high == 1;
  std::cerr << fmt::format(
      "note: {} {} higher than the {:.0f} in of text on a page, {}{} with {:.1f} in: draw {}fewer cases with "
      "--case\n",
      counted(drawn.too_high, "figure"), one ? "is" : "are", kTextHeightPt / kPointsPerInch,
      one ? "" : "the highest ", drawn.highest, drawn.highest_pt / kPointsPerInch,
      across_the_page ? "" : "across the page with --columns 0, or ");
}

void print_path(const fs::path& file) { std::cout << file.string() << std::endl; }

DrawnFigures draw_and_tell(const FigureRequest& request, const std::vector<FigureKind>& kinds,
                           const po::variables_map& values) {
  DrawnFigures drawn = draw_sweep(request, kinds, print_path);
  tell_doubtful(drawn);
  tell_too_high(drawn, request.draw.width_pt >= venue_width_pt(venue_of(values), 0));
  return drawn;
}

ExitCode draw_kind(const Arguments& arguments, FigureKind kind, const std::string& about) {
  const auto values = parse_command_line(sweep_command_line(to_string(kind), about), arguments);
  if (values) draw_and_tell(request_of(*values), {kind}, *values);
  return ExitCode::kDone;
}

ExitCode draw_figure4(const Arguments& arguments) {
  return draw_kind(
      arguments, FigureKind::kFigure4,
      "One figure an image and case: source, corrupted but unaffected, corrupted and affected, with "
      "their WCAMs, as figure-4/{perturbation}_{case}_{number}_{image}.");
}

ExitCode draw_figure5(const Arguments& arguments) {
  return draw_kind(arguments, FigureKind::kFigure5,
                   "One figure an image: the WCAMs of source and altered image under every case, as "
                   "figure-5/robust_training_{perturbation}_{number}_{image}.");
}

ExitCode draw_spatial(const Arguments& arguments) {
  return draw_kind(
      arguments, FigureKind::kSpatial,
      "One figure an image: how important each place of it is under every case, over the photograph, as "
      "spatial/{perturbation}_{number}_{image}.");
}

ExitCode draw_rebuilt(const Arguments& arguments) {
  return draw_kind(
      arguments, FigureKind::kRebuilt,
      "One figure an image and case: the photograph rebuilt from its most important cells, those that "
      "hold 25, 50, 75 and 90 % of the summed indices, as "
      "rebuilt/{perturbation}_{case}_{number}_{image}. Of a sweep made with --sufficient also from the "
      "fewest "
      "that give the class explained.");
}

ExitCode draw_mean(const Arguments& arguments) {
  return draw_kind(arguments, FigureKind::kMean,
                   "The mean WCAM of source and altered images under every case, as mean/{perturbation}.");
}

ExitCode draw_difference(const Arguments& arguments) {
  return draw_kind(
      arguments, FigureKind::kDifference,
      "The mean difference of the WCAMs of altered and source image under every case, and its standard "
      "error, as difference/{perturbation}.");
}

ExitCode draw_all(const Arguments& arguments) {
  const auto values = parse_command_line(
      sweep_command_line(
          "all",
          "Every kind of figure of a sweep, only those that have changed: a figure stays where "
          "figures/drawn.txt says that it was made by this program, version and commit, with these options "
          "of the same "
          "results, by their jobs and attempts, and its files are there."),
      arguments);
  if (!values) return ExitCode::kDone;
  FigureRequest request = request_of(*values);
  request.only_changed = true;
  std::vector<FigureKind> kinds{FigureKind::kFigure4, FigureKind::kFigure5};
  if (request.draw.style == Style::kPaper) kinds.assign(std::begin(kFigureKinds), std::end(kFigureKinds));
  const DrawnFigures drawn = draw_and_tell(request, kinds, *values);
  if (drawn.unchanged > 0) std::cerr << counted(drawn.unchanged, "figure") << " unchanged\n";
  return ExitCode::kDone;
}

ExitCode draw_wcam(const Arguments& arguments) {
  CommandLine line;
  line.usage = "wcam plot wcam FILE.h5 --out FIGURE.png|.pdf|.svg [options]";
  line.about = "One WCAM beside its image, with a colour bar; beside it FIGURE.caption.txt.";
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
      ("label-explained", po::value<std::string>(),
       "predicted|source|true: and this label; without it predicted, where that is there")                 //
      ("replicate", po::value<std::uint32_t>(), "and this replicate; without it the first that is there")  //
      ("classes", po::value<std::string>()->value_name("FILE"),
       "file of class names: one a line, or another form that docs/models.md lists");
  line.options.add(drawing_options());
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
  if (values->contains("label-explained"))
    request.choice.label = label_kind_of((*values)["label-explained"].as<std::string>());
  if (values->contains("replicate")) request.choice.replicate = (*values)["replicate"].as<std::uint32_t>();
  request.draw = drawing_of(*values);
  const std::string ending = request.out.extension().string();
  request.draw.format = parse_format(ending.empty() ? ending : ending.substr(1));
  if (values->contains("classes")) request.classes = read_class_names((*values)["classes"].as<std::string>());
  draw_wcam_file(request);
  print_path(request.out);
  return ExitCode::kDone;
}

ExitCode make_gallery(const Arguments& arguments) {
  CommandLine line;
  line.usage = "wcam gallery SWEEP [--out FILE|DIR]";
  line.about =
      "Every map of a sweep on one page that opens in a browser without a network: filters, search, the same "
      "cell of all maps under the pointer with its value and standard error. One file, or, where it would be "
      "large, a page and a folder of data beside it, which belong together. Reads stored results only.";
  line.example = "wcam gallery my-sweep";
  line.options.add_options()  //
      ("sweep", po::value<std::string>()->value_name("FILE")->required(),
       "the sweep's directory, or its results.h5")  //
      ("out", po::value<std::string>()->value_name("FILE"),
       "the page, or the folder for gallery.html; without it SWEEP/gallery.html")  //
      ("one-file-mb", po::value<double>()->default_value(40),
       "the largest page that has its data in it, megabytes; 0: always a folder beside it");
  line.positional.add("sweep", 1);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  GalleryRequest request;
  request.sweep = (*values)["sweep"].as<std::string>();
  request.out = values->contains("out") ? fs::path((*values)["out"].as<std::string>())
                                        : sweep_directory_of(request.sweep).root;
  if (fs::is_directory(request.out) || !request.out.has_extension()) request.out /= "gallery.html";
  const double largest_mb = (*values)["one-file-mb"].as<double>();
  if (!(largest_mb >= 0 && largest_mb <= kLargestPageMb))
    throw UsageError(fmt::format("--one-file-mb {:.6g} is outside 0 to {:.0f}, what browsers open",
                                 largest_mb, kLargestPageMb));
  request.largest_file = static_cast<std::size_t>(largest_mb * 1e6);
  const bool folder = write_gallery(request);
  print_path(request.out);
  if (folder) std::cerr << "note: its data lie beside it in " << gallery_files(request.out).string() << '\n';
  return ExitCode::kDone;
}

constexpr VerbAction kActions[] = {
    {"figure-4", draw_figure4}, {"figure-5", draw_figure5}, {"spatial", draw_spatial},
    {"rebuilt", draw_rebuilt},  {"mean", draw_mean},        {"difference", draw_difference},
    {"all", draw_all},          {"wcam", draw_wcam},        {"report", report_command},
    {"gallery", make_gallery},
};

constexpr VerbProgram kProgram{"wcam-plot", "figures from stored results alone", "wcam plot figure-5 study",
                               kActions};
static_assert(acts_on_its_verbs(kProgram));

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) { return wcam::run_verbs(wcam::kProgram, argc, argv); }
