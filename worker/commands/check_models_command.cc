#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>

#include "common/base/elapsed.h"
#include "common/command_line/options.h"
#include "worker/commands/commands.h"
#include "worker/jobs/compute_options.h"
#include "worker/models/built_in_pictures.h"
#include "worker/models/check_models.h"
#include "worker/models/check_report.h"
#include "worker/models/labelled_photographs.h"
#include "worker/models/model.h"

namespace po = boost::program_options;
using Clock = std::chrono::steady_clock;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam check-models models.json [--labelled DIR] [options]";
  line.about =
      "Looks at every case of a models.json before days are spent on it: whether it can be used, whether it "
      "looks\n"
      "like a random network, and, on labelled photographs, how often it is right and whether it is "
      "normalised as it\n"
      "was trained. Exit code 0: nothing looks wrong; 3: a case cannot be used; 4: a warning.";
  line.example = "wcam check-models models.json --labelled imagenet/val";
  line.options.add_options()  //
      ("models", po::value<std::string>()->value_name("FILE")->required(),
       "models.json (may be given without --models)")  //
      ("labelled", po::value<std::string>()->value_name("DIR"),
       "folder of photographs, each in a folder named after its class, or n01443537_goldfish.JPEG")  //
      ("class-ids", po::value<std::string>()->value_name("FILE"),
       "names of the class folders in the order of the logits, one a line; default: ImageNet's")  //
      ("photographs", po::value<int>()->default_value(100),
       "of the labelled ones, at most so many, 1 to 10000, drawn at random but always the same")  //
      ("json", po::bool_switch(), "for scripts");
  line.options.add(compute_options());
  line.positional.add("models", 1);
  return line;
}

at::Tensor of_channels(const std::array<double, 3>& values, at::Device device) {
  return at::tensor({values[0], values[1], values[2]}, at::kFloat).reshape({1, 3, 1, 1}).to(device);
}

// One case's network on pictures, in batches of one shape.
class Trial {
 public:
  Trial(const Model& model, int batch_size) : model_(model), batch_size_(batch_size) {}

  Logits run(const std::vector<RgbImage>& images, const Normalisation& normalisation) const {
    const c10::InferenceMode no_gradients;
    Logits logits{model_.classes(), {}};
    const auto batch = static_cast<std::size_t>(batch_size_);
    for (std::size_t first = 0; first < images.size(); first += batch) {
      const std::size_t wanted = std::min(images.size() - first, batch);
      const at::Tensor input = model_.to_input(batch_from(images, first, batch));
      const at::Tensor out = model_.forward(renormalised(input, normalisation)).to(at::kCPU).contiguous();
      const float* values = out.data_ptr<float>();
      logits.values.insert(
          logits.values.end(), values,
          values + static_cast<std::ptrdiff_t>(wanted) * static_cast<std::ptrdiff_t>(logits.classes));
    }
    return logits;
  }

  // Why these outputs rule the case out; empty when they do not.
  std::string fault(const std::vector<RgbImage>& images, const Logits& logits,
                    const Normalisation& declared) const {
    if (!std::all_of(logits.values.begin(), logits.values.end(), [](float v) { return std::isfinite(v); }))
      return "its logits are not finite on some pictures";
    if (run(images, declared).values != logits.values) return kTwoRunsDiffer;
    return furthest_alone(images, logits) <= kBatchRounding ? "" : kDependsOnBatch;
  }

 private:
  at::Tensor renormalised(const at::Tensor& input, const Normalisation& to) const {
    const CaseSpec& spec = model_.spec();
    if (to.mean == spec.mean && to.std == spec.std && !to.reversed) return input;
    const auto on_device = [&](const auto& values) { return of_channels(values, input.device()); };
    at::Tensor pixels = input * on_device(spec.std) + on_device(spec.mean);
    if (to.reversed) pixels = pixels.flip(1);
    return ((pixels - on_device(to.mean)) / on_device(to.std)).contiguous(at::MemoryFormat::ChannelsLast);
  }

  // The largest difference between a picture's logits in a batch and alone, over the largest logit.
  double furthest_alone(const std::vector<RgbImage>& images, const Logits& logits) const {
    const c10::InferenceMode no_gradients;
    double furthest = 0, largest = 0;
    for (std::int64_t r = 0; r < std::min<std::int64_t>(logits.rows(), batch_size_); ++r) {
      const std::vector<RgbImage> one{images[static_cast<std::size_t>(r)]};
      const at::Tensor alone = model_.forward(model_.to_input(one)).to(at::kCPU).contiguous();
      const float* values = alone.data_ptr<float>();
      for (const float in_batch : logits.row(r)) {
        largest = std::max(largest, std::abs(static_cast<double>(in_batch)));
        furthest =
            std::max(furthest, std::abs(static_cast<double>(in_batch) - static_cast<double>(*values++)));
      }
    }
    return largest > 0 ? furthest / largest : 0;
  }

  const Model& model_;
  int batch_size_;
};

// Into `check`; what keeps the accuracy from being known is noted, since the case may be used all the same.
void check_accuracy(const Trial& trial, LabelledPhotographs& photographs,
                    const std::vector<Normalisation>& normalisations, CaseCheck& check) {
  LabelledPhotographs::Labelled labelled;
  try {
    const ClassLabels meaning = photographs.meaning(check.spec, check.classes);
    check.misnamed = meaning.misnamed();
    labelled = photographs.labelled(check.spec, meaning);
  } catch (const InputError& e) {
    check.not_checked = e.what();
    return;
  }
  for (const Normalisation& normalisation : normalisations) {
    const Logits outputs = trial.run(labelled.images, normalisation);
    if (check.tried.empty()) check.on_photographs = spread(outputs);
    check.tried.push_back({normalisation, hits(outputs, labelled.labels)});
  }
}

CaseCheck check_case(const CaseSpec& spec, const ComputeOptions& compute, LabelledPhotographs* photographs) {
  CaseCheck check;
  check.spec = spec;
  try {
    const auto begun = Clock::now();
    const Model model = Model::load(spec, compute.device);
    check.load_seconds = seconds_since(begun);
    check.classes = model.classes();
    check.bytes = model.bytes();
    // Two at least, so that rows can depend on each other.
    const Trial trial(model, std::max(2, compute.form.or_default().batch_size));
    const std::vector<Normalisation> tried = normalisations(spec);
    const std::vector<RgbImage> pictures = built_in_pictures(spec.input_size);
    const auto started = Clock::now();
    const Logits logits = trial.run(pictures, tried.front());
    check.image_seconds = seconds_since(started) / static_cast<double>(pictures.size());
    check.failure = trial.fault(pictures, logits, tried.front());
    if (!check.failure.empty()) return check;
    check.outputs = output_kind(logits);
    check.on_pictures = spread(logits);
    if (photographs != nullptr)
      check_accuracy(trial, *photographs, tried, check);
    else
      check.misnamed = ClassLabels(check.classes, {}, spec.classes, {}).misnamed();
  } catch (const std::exception& e) {  // the other cases are looked at all the same
    check.failure = e.what();
  }
  return check;
}

}  // namespace

ExitCode check_models_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const ComputeOptions compute = compute_settings(*values);
  const int most = in_range(*values, "photographs", 1, 10'000);
  if (values->contains("class-ids") && !values->contains("labelled"))
    throw UsageError("--class-ids says what the folders of --labelled mean: give both");
  const std::vector<CaseSpec> cases = read_models_json((*values)["models"].as<std::string>());
  for (const std::string& note : notes_of_twins(cases)) std::fprintf(stderr, "%s\n", note.c_str());
  std::optional<LabelledPhotographs> photographs;
  if (values->contains("labelled")) {
    std::vector<std::string> class_ids;
    if (values->contains("class-ids")) class_ids = read_lines((*values)["class-ids"].as<std::string>());
    photographs.emplace((*values)["labelled"].as<std::string>(), static_cast<std::size_t>(most),
                        std::move(class_ids));
  }
  const bool as_json = (*values)["json"].as<bool>();
  prepare_torch(compute.threads);
  std::vector<CaseCheck> checks;
  for (const CaseSpec& spec : cases) {
    checks.push_back(check_case(spec, compute, photographs ? &*photographs : nullptr));
    if (!as_json) std::printf("%s", to_text(checks.back()).c_str());
    std::fflush(stdout);
  }
  if (photographs)
    for (const std::string& sentence : photographs->left_out())
      std::fprintf(stderr, "%s\n", sentence.c_str());
  if (as_json) std::printf("%s", to_json_text(checks).c_str());
  const auto any = [&](auto property) { return std::any_of(checks.begin(), checks.end(), property); };
  if (any([](const CaseCheck& check) { return !check.failure.empty(); })) return ExitCode::kBadInput;
  return any([](const CaseCheck& check) { return !warnings(check).empty(); }) ? ExitCode::kSetAside
                                                                              : ExitCode::kDone;
}

}  // namespace wcam
