#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <optional>
#include <sstream>

#include "common/base/file.h"
#include "common/base/process.h"
#include "common/base/sha256.h"
#include "common/base/utf8.h"
#include "common/command_line/options.h"
#include "common/store/segment.h"
#include "common/study/class_names.h"
#include "common/study/perturbation.h"
#include "common/study/plan.h"
#include "common/study/wcam_doubts.h"
#include "worker/commands/commands.h"
#include "worker/jobs/compute.h"
#include "worker/jobs/compute_options.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam explain IMAGE --model FILE.pt --out X.h5 [--figure X.png] [options]";
  line.about =
      "The WCAM of one image: the Sobol index of each cell of its wavelet transform on one logit of a "
      "TorchScript\n"
      "classifier. Writes an HDF5 store with one profile (common/store/format.md).";
  line.example =
      "wcam explain cat.jpg --model resnet50.pt --classes imagenet_classes.txt --out cat.h5 --figure "
      "cat-wcam.png";
  const CaseSpec d;
  line.options.add_options()  //
      ("image", po::value<std::string>()->value_name("FILE")->required(),
       "the image (may be given without --image)")  //
      ("model", po::value<std::string>()->value_name("FILE")->required(),
       "TorchScript file: [N,3,S,S] -> logits [N,classes]")                                              //
      ("out", po::value<std::string>()->value_name("FILE")->required(), "HDF5 file to write")            //
      ("label", po::value<std::int64_t>(), "index of the class to explain; default: the one predicted")  //
      ("classes", po::value<std::string>()->value_name("FILE"),
       "file of class names: one a line, or another form that docs/models.md lists")                //
      ("resize", po::value<int>()->default_value(d.resize), "shorter side before the centre crop")  //
      ("input-size", po::value<int>()->default_value(d.input_size), "side of the centre crop")      //
      ("no-resize", po::bool_switch(), "take the image as it is; it must be square")                //
      ("mean", po::value<std::string>()->default_value("0.485,0.456,0.406"),
       "normalisation, one number a channel")  //
      ("std", po::value<std::string>()->default_value("0.229,0.224,0.225"),
       "normalisation, one number a channel")  //
      ("design", po::value<std::string>()->value_name("FILE"),
       "FILE.h5[:GROUP] with A and B [nb-design, grid*grid] in place of --sampler");
  po::options_description drawing("Drawing");
  drawing.add_options()("figure", po::value<std::string>()->value_name("FILE"),
                        "draws what --out holds, as `wcam plot wcam` does; .png, .pdf or .svg");
  line.options.add(wcam_options()).add(compute_options()).add(drawing);
  line.positional.add("image", 1);
  return line;
}

std::array<double, 3> three_numbers(const char* option, const std::string& text) {
  std::array<double, 3> numbers{};
  std::istringstream in(text);
  char comma = ',';
  bool sound = true;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i > 0) in >> comma;
    sound = sound && in >> numbers[i] && comma == ',';
  }
  if (!sound || !(in >> std::ws).eof())
    throw UsageError(std::string(option) + " '" + text + "' is not three numbers like 0.485,0.456,0.406");
  return numbers;
}

CaseSpec case_of(const po::variables_map& values) {
  CaseSpec spec;
  spec.file = values["model"].as<std::string>();
  check_utf8(spec.file);
  spec.name = spec.file.stem().string();
  spec.mean = three_numbers("--mean", values["mean"].as<std::string>());
  spec.std = three_numbers("--std", values["std"].as<std::string>());
  if (*std::min_element(spec.std.begin(), spec.std.end()) <= 0)
    throw UsageError("--std " + values["std"].as<std::string>() + " must be greater than 0 everywhere");
  spec.input_size = in_range(values, "input-size", kSmallestInput, kLargestInput);
  spec.resize = in_range(values, "resize", spec.input_size, kLargestResize);
  if (values.contains("classes")) spec.classes = read_class_names(values["classes"].as<std::string>());
  spec.sha256 = sha256_of_file(spec.file);
  return spec;
}

RgbImage pixels_of(const fs::path& file, bool as_it_is, CaseSpec& spec) {
  RgbImage image = decode_image(file);
  if (!as_it_is) return resize_and_crop(image, spec.resize, spec.input_size);
  if (image.rows != image.cols)
    throw InputError(file.string() + " is " + std::to_string(image.cols) + " x " +
                     std::to_string(image.rows) + ": --no-resize needs a square image");
  spec.input_size = spec.resize = image.rows;
  return image;
}

// What made the numbers, in the words of a sweep's plan: one image, one case, no variant.
Plan plan_of(const fs::path& file, const CaseSpec& spec, const WcamSettings& settings) {
  Plan plan;
  plan.images = {{file.filename().string(), sha256_of_file(file)}};
  plan.images_root = file.parent_path();
  plan.cases = {spec};
  plan.wcam = settings;
  plan.selection.sample_size = 1;
  return plan;
}

bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code none;
  return fs::equivalent(a, b, none);
}

// Before anything is computed: its ending, its folder, and that it replaces no other file of the command.
void check_figure(const std::string& figure, const po::variables_map& values) {
  const std::string ending = fs::path(figure).extension().string();
  if (ending != ".png" && ending != ".pdf" && ending != ".svg")
    throw UsageError("--figure '" + figure + "' must end in .png, .pdf or .svg");
  for (const char* other : {"image", "model", "classes", "out"})
    if (values.contains(other) &&
        (values[other].as<std::string>() == figure || same_file(values[other].as<std::string>(), figure)))
      throw UsageError("--figure " + figure + " would replace another file of this command");
  check_can_write(figure);
}

void print(const ProfileRow& row, const Prediction& predicted, const std::vector<std::string>& classes) {
  std::printf("predicted   %s (%.3f)\n", class_name(classes, predicted.label).c_str(), predicted.probability);
  std::printf("explained   %s, logit %.4f\n", class_name(classes, row.label).c_str(), row.logit);
  std::printf("estimator   %s, %.0f forwards in %.1f s on %s\n", row.estimator.c_str(),
              row.forward_equivalents, row.seconds, row.device.c_str());
  std::printf("share of the indices: approximation %.3f", row.level_share.front());
  for (std::size_t i = 1; i < row.level_share.size(); ++i)
    std::printf(", level %zu %.3f", row.level_share.size() - i, row.level_share[i]);
  std::printf(" (level 1 is the finest)\n");
  const auto largest = std::max_element(row.wcam.begin(), row.wcam.end());
  std::printf("largest index %.3f, standard error %.3f\n", *largest,
              row.standard_error[static_cast<std::size_t>(largest - row.wcam.begin())]);
  for (const WcamDoubt& doubt : wcam_doubts(row.wcam, row.standard_error, row.level_share))
    std::printf("caution: %s\n", doubt.sentence.c_str());
}

}  // namespace

ExitCode explain_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const ComputeOptions compute = compute_settings(*values);
  WcamSettings settings = wcam_settings(*values);
  const fs::path file = (*values)["image"].as<std::string>(), out = (*values)["out"].as<std::string>();
  if (values->contains("figure")) check_figure((*values)["figure"].as<std::string>(), *values);
  check_utf8(file);
  check_can_write(out);
  for (const char* input : {"image", "model", "classes"})
    if (values->contains(input) && same_file((*values)[input].as<std::string>(), out))
      throw UsageError("--out " + out.string() + " would replace the file given as --" + input);
  CaseSpec spec = case_of(*values);
  const RgbImage pixels = pixels_of(file, (*values)["no-resize"].as<bool>(), spec);
  const Design design = values->contains("design")
                            ? read_design((*values)["design"].as<std::string>(), settings)
                            : make_design(settings);
  if (values->contains("design")) settings.design = design_identity((*values)["design"].as<std::string>());

  prepare_torch(compute.threads);
  const Model model = Model::load(spec, compute.device);
  const Prediction predicted = predict(model, {pixels}, 1).front();
  check_finite(predicted, spec.name, file.string());
  const std::int64_t label =
      values->contains("label") ? (*values)["label"].as<std::int64_t>() : predicted.label;
  if (label < 0 || label >= model.classes())
    throw UsageError("--label " + std::to_string(label) + " is outside 0 to " +
                     std::to_string(model.classes() - 1) + ", the classes of " + spec.file.string());
  const ProfileRow row =
      explain_row(model, pixels, {file.filename().string(), std::string(kSourceVariant), spec.name, label},
                  settings, design, compute.batch_size);
  const PredictionRow prediction{{},
                                 {},
                                 row.image,
                                 row.perturbation,
                                 row.variant,
                                 row.case_name,
                                 predicted.label,
                                 predicted.logit,
                                 predicted.probability,
                                 row.provenance};
  const ImageRow image{row.image, row.variant, pixels.rows, pixels.pixels};
  write_store(out, {"", settings.grid, settings.levels}, {&row, 1}, {&prediction, 1}, {&image, 1},
              to_json_text(plan_of(file, spec, settings)));
  print(row, predicted, spec.classes);
  std::printf("%s\n", out.c_str());
  if (!values->contains("figure")) return ExitCode::kDone;
  std::fflush(stdout);
  become({sibling_program("wcam-plot").string(), "wcam", out.string(), "--out",
          (*values)["figure"].as<std::string>()});
}

}  // namespace wcam
