#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <cstdio>
#include <functional>
#include <optional>
#include <sstream>

#include "common/base/message_text.h"
#include "common/base/printable.h"
#include "common/base/process.h"
#include "common/base/scratch_folder.h"
#include "common/base/sha256.h"
#include "common/base/utf8.h"
#include "common/command_line/drawing_options.h"
#include "common/command_line/options.h"
#include "common/command_line/suggestion.h"
#include "common/store/segment.h"
#include "common/study/class_names.h"
#include "common/study/estimator.h"
#include "common/study/forward_plan.h"
#include "common/study/perturbation.h"
#include "common/study/plan.h"
#include "common/study/wcam_options.h"
#include "worker/commands/commands.h"
#include "worker/commands/explain_files.h"
#include "worker/commands/explain_report.h"
#include "worker/images/cautions.h"
#include "worker/jobs/compute.h"
#include "worker/jobs/compute_options.h"
#include "worker/models/tuning.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

constexpr std::size_t kPredictionsShown = 5;

CommandLine command_line() {
  CommandLine line;
  line.usage =
      "wcam explain IMAGE... (--model FILE.pt | --models models.json --case NAME) [--out X.h5] [--figure "
      "X.png] "
      "[options]";
  line.about =
      "The WCAM of an image, or of several: the Sobol index of each cell of its wavelet transform on one "
      "logit of a\n"
      "TorchScript classifier. Writes an HDF5 store with a profile an image (common/store/format.md), a "
      "figure an\n"
      "image, or both.";
  line.example =
      "wcam explain cat.jpg --model resnet50.pt --classes imagenet_classes.txt --out cat.h5 --figure "
      "cat-wcam.png\n  wcam explain photos/*.jpg --models models.json --case augmix --figure "
      "'figures/{image}.png'";
  const CaseSpec d;
  line.options.add_options()  //
      ("image", po::value<std::vector<std::string>>()->value_name("FILE")->required(),
       "an image (may be given without --image), repeatable")  //
      ("model", po::value<std::string>()->value_name("FILE"),
       "TorchScript file: [N,3,S,S] -> logits [N,classes]")  //
      ("models", po::value<std::string>()->value_name("FILE"),
       "models.json in place of --model and all that describes it")                      //
      ("case", po::value<std::string>(), "which of its cases, where there are several")  //
      ("out", po::value<std::string>()->value_name("FILE"),
       "HDF5 file to write; may be left out with --figure")  //
      ("label", po::value<std::string>(),
       "class to explain: its index, or its name where names are known; default: the one predicted")  //
      ("classes", po::value<std::string>()->value_name("FILE"),
       "file of class names: one a line, or another form that docs/models.md lists")                //
      ("resize", po::value<int>()->default_value(d.resize), "shorter side before the centre crop")  //
      ("input-size", po::value<int>()->default_value(d.input_size), "side of the centre crop")      //
      ("no-resize", po::bool_switch(), "take the images as they are; they must be square")          //
      ("mean", po::value<std::string>()->default_value("0.485,0.456,0.406"),
       "normalisation: one number a channel, or one for all")  //
      ("std", po::value<std::string>()->default_value("0.229,0.224,0.225"),
       "normalisation: one number a channel, or one for all")  //
      ("design", po::value<std::string>()->value_name("FILE"),
       "FILE.h5[:GROUP] with A and B [nb-design, grid*grid] in place of --sampler");
  po::options_description drawing = drawing_options();
  drawing.add_options()(
      "figure", po::value<std::string>()->value_name("FILE"),
      "draws each WCAM as `wcam plot wcam` does; .png, .pdf or .svg. {image} in it becomes the "
      "image's name without its ending");
  line.options.add(wcam_options()).add(compute_options()).add(drawing);
  line.positional.add("image", -1);
  return line;
}

// Of the three channels; one is for all of them.
std::array<double, 3> three_numbers(const char* option, const std::string& text) {
  std::array<double, 3> numbers{};
  std::istringstream in(text.find(',') == std::string::npos ? text + "," + text + "," + text : text);
  char comma = ',';
  bool sound = true;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i > 0) in >> comma;
    sound = sound && in >> numbers[i] && comma == ',';
  }
  if (!sound || !(in >> std::ws).eof())
    throw UsageError(std::string(option) + " '" + text +
                     "' is not three numbers like 0.485,0.456,0.406, or one for all channels");
  return numbers;
}

CaseSpec case_of_model(const po::variables_map& values) {
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

CaseSpec case_of_list(const po::variables_map& values) {
  const std::string list = values["models"].as<std::string>();
  for (const char* option : {"model", "classes", "resize", "input-size", "mean", "std"})
    if (values.contains(option) && !values[option].defaulted())
      throw UsageError(std::string("--") + option + " and --models exclude each other: " + list + " says it");
  if (!values.contains("case")) {
    const std::vector<CaseSpec> all = read_models_json(list);
    if (all.size() > 1)
      throw UsageError(list + " has " + counted(all.size(), "case") + ": say --case " +
                       joined(all, &CaseSpec::name));
    return all.front();
  }
  const std::string name = values["case"].as<std::string>();
  const std::vector<CaseSpec> all = read_models_json(list, {name});
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const CaseSpec& spec) { return spec.name == name; });
  if (found == all.end())
    throw UsageError("--case '" + name + "' is not in " + list + but_known(name, all, &CaseSpec::name));
  return *found;
}

CaseSpec case_of(const po::variables_map& values) {
  if (values.contains("models")) return case_of_list(values);
  if (!values.contains("model"))
    throw UsageError("--model FILE.pt, or --models models.json --case NAME, is missing");
  if (values.contains("case")) throw UsageError("--case goes with --models");
  return case_of_model(values);
}

RgbImage pixels_of(const fs::path& file, bool as_it_is, const CaseSpec& spec, std::string& caution) {
  RgbImage image = decode_image(file, &caution);
  if (!as_it_is && caution.empty()) caution = enlarged(image, spec.input_size);
  if (!as_it_is) return resize_and_crop(image, spec.resize, spec.input_size);
  if (image.rows != image.cols)
    throw InputError(file.string() + " is " + std::to_string(image.cols) + " x " +
                     std::to_string(image.rows) + ": --no-resize needs a square image");
  return image;
}

// The images that cannot be explained: each is said at once, so that the others go on, and all at the end.
class Failures {
 public:
  explicit Failures(const ExplainFiles& files) : files_(files) {}

  // Throws on what a lone image has.
  void add(std::size_t image, const InputError& why) {
    if (files_.images.size() == 1) throw why;
    std::fprintf(stderr, "not explained: %s\n", printable(why.what()).c_str());
    images_.push_back(files_.images[image].string());
  }
  // Throws InputError naming them, if there are any.
  void tell() const {
    if (!images_.empty())
      throw InputError(std::to_string(images_.size()) + " of " + counted(files_.images.size(), "image") +
                       " could not be explained: " + joined(images_));
  }

 private:
  const ExplainFiles& files_;
  std::vector<std::string> images_;
};

// An image that could be read.
struct Subject {
  std::size_t image = 0;  // of ExplainFiles
  RgbImage pixels;
  std::string caution;  // empty, or what makes it doubtful
};

// All of one size, since a store has one.
std::vector<Subject> subjects_of(const ExplainFiles& files, bool as_they_are, const CaseSpec& spec,
                                 Failures& failures) {
  std::vector<Subject> subjects;
  for (std::size_t i = 0; i < files.images.size(); ++i) try {
      Subject subject{i, {}, ""};
      subject.pixels = pixels_of(files.images[i], as_they_are, spec, subject.caution);
      const int side = subject.pixels.rows;
      if (const Subject& first = subjects.empty() ? subject : subjects.front(); side != first.pixels.rows)
        throw InputError(files.images[i].string() + " has " + std::to_string(side) + " pixels a side, " +
                         files.images[first.image].string() + " " + std::to_string(first.pixels.rows) +
                         ": with --no-resize all images must be of one size");
      subjects.push_back(std::move(subject));
    } catch (const InputError& e) {
      failures.add(i, e);
    }
  return subjects;
}

// Indices of the classes of which a name ("tiger cat" of "tiger cat, Felis tigris"), or all of the line, is
// meant.
std::vector<std::string> classes_named(const std::vector<std::string>& names,
                                       const std::function<bool(const std::string&)>& is_meant) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::vector<std::string> of_one = split_list(names[i]);
    if (is_meant(names[i]) || std::any_of(of_one.begin(), of_one.end(), is_meant))
      found.push_back(std::to_string(i));
  }
  return found;
}

// By its index or a name of it; in another case where none is written so.
std::int64_t label_of(const std::string& text, const Model& model) {
  const std::vector<std::string>& names = model.spec().classes;
  std::int64_t label = 0;
  if (const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), label);
      error == std::errc() && end == text.data() + text.size()) {
    if (label < 0 || label >= model.classes())
      throw UsageError("--label " + text + " is outside 0 to " + std::to_string(model.classes() - 1) +
                       ", the classes of " + model.spec().file.string());
    return label;
  }
  if (names.empty())
    throw UsageError("--label '" + text + "' is no index, and no names are known: give --classes");
  std::vector<std::string> found = classes_named(names, [&](const auto& name) { return name == text; });
  if (found.empty())
    found = classes_named(names, [&](const auto& name) { return boost::algorithm::iequals(name, text); });
  if (found.empty())
    throw UsageError("--label '" + text + "' is none of the " + std::to_string(names.size()) +
                     " classes' names" + did_you_mean(text, split_list(joined(names))));
  if (found.size() > 1)
    throw UsageError("--label '" + text + "' is the name of several classes: say which of " + joined(found));
  return std::stoll(found.front());
}

struct Explained {
  std::vector<std::size_t> of;  // ExplainFiles, a row each
  std::vector<ProfileRow> profiles;
  std::vector<PredictionRow> predictions;
  std::vector<ImageRow> images;
};

// What made the numbers, in the words of a sweep's plan: one case, no variant.
Plan plan_of(const ExplainFiles& files, const Explained& all, const CaseSpec& spec,
             const WcamSettings& settings) {
  Plan plan;
  for (const std::size_t i : all.of) plan.images.push_back({files.names[i], sha256_of_file(files.images[i])});
  plan.images_root = files.root;
  plan.cases = {spec};
  plan.wcam = settings;
  plan.selection.sample_size = static_cast<int>(all.of.size());
  return plan;
}

// With the ids that a sweep's jobs would have, by which readers tell rows apart.
void add(Explained& all, ProfileRow row, const Prediction& predicted, const Subject& subject) {
  row.job = explain_job_id(row.image, row.variant, row.case_name);
  row.rank = static_cast<std::uint32_t>(all.profiles.size());
  if (row.label == predicted.label) row.explained = {LabelKind::kPredicted, LabelKind::kSource};
  all.predictions.push_back({predict_job_id(row.image, row.case_name),
                             {},
                             row.image,
                             row.perturbation,
                             row.variant,
                             row.case_name,
                             predicted.label,
                             predicted.logit,
                             predicted.probability,
                             predicted.top_labels,
                             predicted.top_probabilities,
                             row.provenance});
  all.images.push_back({row.image, row.variant, subject.pixels.rows, subject.pixels.pixels, subject.caution});
  all.of.push_back(subject.image);
  all.profiles.push_back(std::move(row));
}

ProfileRow explain_with_progress(const Model& model, const RgbImage& pixels, const ExplainSubject& subject,
                                 const WcamSettings& settings, const Design& design, int batch_size) {
  ExplainProgress progress(subject.image, forward_plan(settings, pixels.rows).all_batches(batch_size));
  try {
    return explain_row(model, pixels, subject, settings, design, batch_size, {}, [&] { progress.step(); });
  } catch (const DegenerateOutputs& e) {
    throw DegenerateOutputs(subject.image + ": " + e.what());
  }
}

// Writes the store, for good or for the figures alone, and draws them: the exit code of who does.
int write_and_draw(const ExplainFiles& files, const Explained& all, const Plan& plan,
                   const std::vector<std::string>& drawing) {
  std::optional<ScratchFolder> scratch;
  if (files.store.empty()) scratch.emplace("wcam-explain");
  const fs::path store = scratch ? scratch->path() / "explained.h5" : files.store;
  write_store(store, {"", plan.wcam.grid, plan.wcam.levels}, all.profiles, all.predictions, all.images,
              to_json_text(plan));
  if (!scratch) std::printf("%s\n", store.c_str());
  std::fflush(stdout);
  for (std::size_t row = 0; !files.figures.empty() && row < all.of.size(); ++row) {
    std::vector<std::string> command{
        sibling_program("wcam-plot").string(), "wcam",  store.string(),     "--out",
        files.figures[all.of[row]].string(),   "--row", std::to_string(row)};
    command.insert(command.end(), drawing.begin(), drawing.end());
    if (const int code = run_to_end(command).code; code != 0) return code;
  }
  return 0;
}

}  // namespace

ExitCode explain_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const ComputeOptions compute = compute_settings(*values);
  WcamSettings settings = wcam_settings(*values);
  check_drawing(*values);
  const std::vector<std::string> drawing = drawing_words(*values);
  const ExplainFiles files = explain_files(*values);
  if (files.figures.empty() && !drawing.empty()) throw UsageError(drawing.front() + " goes with --figure");
  CaseSpec spec = case_of(*values);
  if (const std::string problem = normalisation_problem(spec); !problem.empty())
    throw UsageError("case '" + spec.name + "': " + problem);
  const bool as_they_are = (*values)["no-resize"].as<bool>();
  Failures failures(files);
  const std::vector<Subject> subjects = subjects_of(files, as_they_are, spec, failures);
  if (subjects.empty()) failures.tell();
  if (as_they_are) spec.input_size = spec.resize = subjects.front().pixels.rows;
  const Design design = values->contains("design")
                            ? read_design((*values)["design"].as<std::string>(), settings)
                            : make_design(settings);
  if (values->contains("design")) settings.design = design_identity((*values)["design"].as<std::string>());

  prepare_torch(compute.threads);
  WantedForm wanted = compute.form;
  if (settings.estimator == Estimator::kGradient && !wanted.optimised) wanted.optimised = false;
  const ChosenForm chosen = choose_form(spec, compute.device, wanted);
  if (wanted.is_open()) std::printf("form        %s\n", chosen.why.c_str());
  const Model model = Model::load(spec, compute.device, chosen.form);
  if (settings.estimator == Estimator::kGradient) model.check_gradient();
  std::optional<std::int64_t> label;
  if (values->contains("label")) label = label_of((*values)["label"].as<std::string>(), model);
  Explained all;
  for (const Subject& subject : subjects) try {
      const std::string image = files.images[subject.image].string();
      const Prediction predicted = predict(model, {subject.pixels}, 1).front();
      check_finite(predicted, spec.name, image);
      const ExplainSubject explained{files.names[subject.image], std::string(kSourceVariant), spec.name,
                                     label.value_or(predicted.label)};
      add(all,
          explain_with_progress(model, subject.pixels, explained, settings, design, chosen.form.batch_size),
          predicted, subject);
      if (files.images.size() > 1)
        std::printf("%s%s\n", all.of.size() > 1 ? "\n" : "", printable(image).c_str());
      print_explanation(all.profiles.back(), largest_predictions(model, subject.pixels, kPredictionsShown),
                        spec.classes);
      if (!subject.caution.empty()) std::printf("caution: %s\n", printable(subject.caution).c_str());
      std::fflush(stdout);
    } catch (const DegenerateOutputs& e) {
      failures.add(subject.image, e);
    }
  if (all.of.empty()) failures.tell();
  if (const int code = write_and_draw(files, all, plan_of(files, all, spec, settings), drawing); code != 0)
    return static_cast<ExitCode>(code);
  failures.tell();
  return ExitCode::kDone;
}

}  // namespace wcam
