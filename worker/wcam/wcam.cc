#include "worker/wcam/wcam.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include "common/base/elapsed.h"
#include "common/base/error.h"
#include "common/study/estimator.h"
#include "common/study/indices.h"
#include "worker/wcam/reconstruction.h"
#include "worker/wcam/reconstruction_tensor.h"
#include "worker/wcam/repeat_equal_outputs.h"

namespace wcam {

namespace {

void check(const RgbImage& image, std::int64_t label, const WcamSettings& settings, const Design& design,
           int batch_size) {
  if (image.rows != image.cols || image.rows < 1)
    throw InputError("a WCAM needs a square image, this one has " + std::to_string(image.rows) +
                     " rows and " + std::to_string(image.cols) + " columns: crop it");
  if (design.nb_design() != settings.nb_design || design.cells() != settings.cells())
    throw InputError("the design has " + std::to_string(design.nb_design()) + " points of " +
                     std::to_string(design.cells()) + " cells, the settings ask for " +
                     std::to_string(settings.nb_design) + " of " + std::to_string(settings.cells()));
  if (batch_size < 1)
    throw InputError("a batch of " + std::to_string(batch_size) + " images: at least 1 is needed");
  if (label < 0) throw InputError("label " + std::to_string(label) + " is negative");
}

// [n] float32 logits of the label, on the classifier's device.
at::Tensor logits_of(const Classifier& classifier, const at::Tensor& batch, std::int64_t label) {
  const at::Tensor logits = classifier.forward(batch);
  if (logits.dim() != 2 || logits.size(0) != batch.size(0))
    throw InputError("a classifier's output has " + std::to_string(logits.dim()) +
                     " dimensions, the first of size " +
                     std::to_string(logits.dim() > 0 ? logits.size(0) : 0) + "; [" +
                     std::to_string(batch.size(0)) + ", classes] is needed");
  if (label >= logits.size(1))
    throw InputError("label " + std::to_string(label) + ": the classifier has " +
                     std::to_string(logits.size(1)) + " classes");
  return logits.select(1, label).to(at::kFloat, false, true);
}

// Outputs at the design's first points, and at the others once they are known: samples of N each.
class Outputs {
 public:
  Outputs(const ForwardPlan& plan, int nb_design, std::span<const float> known) : values_(plan.outputs()) {
    const auto points = static_cast<std::size_t>(nb_design), samples = values_.size() / points;
    const std::size_t there = known.size() / samples;
    if (there * samples != known.size() || there > points)
      throw InputError(std::to_string(known.size()) + " known outputs are not those of 0 to " +
                       std::to_string(points) + " points in " + std::to_string(samples) + " samples");
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (i % points < there)
        values_[i] = known[i / points * there + i % points];
      else
        missing_.push_back(i);
  }

  // In ascending order: of each sample those of its last points.
  const std::vector<std::size_t>& missing() const { return missing_; }
  // values: of missing(), in that order.
  std::vector<float> with(std::span<const float> values) && {
    for (std::size_t i = 0; i < missing_.size(); ++i) values_[missing_[i]] = values[i];
    return std::move(values_);
  }

 private:
  std::vector<float> values_;
  std::vector<std::size_t> missing_;
};

struct Found {
  float unmasked = 0;
  std::vector<float> outputs;
};

Found run(const Classifier& classifier, const RgbImage& image, std::int64_t label,
          const WcamSettings& settings, const Design& design, int batch_size, const ForwardPlan& plan,
          std::span<const float> known) {
  Outputs outputs(plan, settings.nb_design, known);
  const std::vector<std::size_t>& rows = outputs.missing();
  Reconstruction reconstruction(image_planes(image, settings.mode, classifier.mean, classifier.std), settings,
                                classifier.mean, classifier.std, classifier.device, batch_size);
  const auto cells = static_cast<std::size_t>(settings.cells()), size = static_cast<std::size_t>(batch_size);
  std::vector<double> row(cells);
  std::vector<float> masks(size * cells);
  std::vector<at::Tensor> logits;
  std::size_t next = 0;  // of rows
  const auto batches = batches_of(static_cast<std::int64_t>(rows.size()) + 1, batch_size);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const std::size_t first = batch == 0 ? 1 : 0, count = std::min(size - first, rows.size() - next);
    if (batch == 0)
      reconstruction.batch().select(0, 0).copy_(
          image_planes(image, Mode::kReference, classifier.mean, classifier.std));
    for (std::size_t i = 0; i < count; ++i, ++next) {
      design.row(plan.rows[rows[next]], row);
      std::transform(row.begin(), row.end(), masks.begin() + static_cast<std::ptrdiff_t>(i * cells),
                     [](double value) { return static_cast<float>(value); });
    }
    reconstruction.write(std::span<const float>(masks).first(count * cells), static_cast<int>(first));
    logits.push_back(logits_of(classifier, reconstruction.batch(), label));
  }
  const at::Tensor all = at::cat(logits).cpu();
  const auto* value = all.data_ptr<float>();
  Found found{*value, std::move(outputs).with({value + 1, rows.size()})};
  repeat_equal_outputs(found.outputs, plan, settings, design, reconstruction.has_coefficients());
  return found;
}

// Float32 values, one after another.
void append(std::vector<float>& values, const at::Tensor& more) {
  const at::Tensor flat = more.cpu().contiguous();
  values.insert(values.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
}

Found run_with_gradients(const Classifier& classifier, const RgbImage& image, std::int64_t label,
                         const WcamSettings& settings, const Design& design, int batch_size,
                         const ForwardPlan& plan, std::span<const float> known) {
  const TensorReconstruction reconstruction(
      transformed(image_planes(image, settings.mode, classifier.mean, classifier.std), settings,
                  classifier.mean, classifier.std),
      classifier.device);
  const at::Tensor unmasked = image_planes(image, Mode::kReference, classifier.mean, classifier.std)
                                  .unsqueeze(0)
                                  .to(classifier.device)
                                  .contiguous(at::MemoryFormat::ChannelsLast);
  Outputs outputs(plan, settings.nb_design, known);
  const std::size_t samples = 1 + 2 * plan.live_cells.size(), points = outputs.missing().size() / samples;
  const auto cells = static_cast<std::size_t>(settings.cells());
  const at::Tensor live = at::tensor(at::ArrayRef<int>(plan.live_cells), at::kLong).to(classifier.device);
  std::vector<double> row(cells);
  std::vector<at::Tensor> logits{logits_of(classifier, unmasked, label)}, slopes, energies;
  for (std::size_t done = 0; done < points;) {
    const std::size_t count = std::min(points - done, static_cast<std::size_t>(batch_size));
    std::vector<float> masks;
    for (std::size_t i = 0; i < count; ++i, ++done) {
      design.row(plan.rows[outputs.missing()[done]], row);
      std::transform(row.begin(), row.end(), std::back_inserter(masks),
                     [](double value) { return static_cast<float>(value); });
    }
    const at::Tensor z = reconstruction.inverse(reconstruction.on_device(masks));
    const LogitGradient found =
        classifier.gradient(reconstruction.shown(z).contiguous(at::MemoryFormat::ChannelsLast), label);
    const TensorReconstruction::Slopes by_mask = reconstruction.slopes(z, found.by_input);
    logits.push_back(found.logits);
    slopes.push_back(by_mask.of_cells.index_select(1, live));
    energies.push_back(by_mask.energies.index_select(1, live));
  }
  std::vector<float> values;
  append(values, at::cat(logits));
  if (points > 0)
    for (const auto* of_cells : {&slopes, &energies}) append(values, at::cat(*of_cells).t());
  const float first = values.front();
  values.erase(values.begin());
  return {first, std::move(outputs).with(values)};
}

void check_finite(const Found& found, const ForwardPlan& plan, std::int64_t label) {
  const auto refuse = [&](float value, const std::string& what, const std::string& on) {
    throw DegenerateOutputs("the " + what + "logit of label " + std::to_string(label) + " is " +
                            std::to_string(value) + " on " + on + ": the classifier cannot be explained");
  };
  if (!std::isfinite(found.unmasked)) refuse(found.unmasked, "", "the image");
  const auto bad = std::find_if(found.outputs.begin(), found.outputs.end(),
                                [](float output) { return !std::isfinite(output); });
  if (bad == found.outputs.end()) return;
  const auto place = static_cast<std::size_t>(bad - found.outputs.begin());
  refuse(*bad, place < plan.rows.size() ? "" : "gradient of the ",
         "reconstruction " + std::to_string(place % plan.rows.size()));
}

}  // namespace

Profile explain(const Classifier& classifier, const RgbImage& image, std::int64_t label,
                const WcamSettings& settings, const Design& design, int batch_size,
                std::span<const float> known) {
  const auto start = std::chrono::steady_clock::now();
  check(image, label, settings, design, batch_size);
  const c10::InferenceMode inference;
  const ForwardPlan plan = forward_plan(settings, image.rows);
  Profile profile;
  const auto run_plan = plan.gradients ? run_with_gradients : run;
  Found found = run_plan(classifier, image, label, settings, design, batch_size, plan, known);
  check_finite(found, plan, label);
  profile.logit = found.unmasked;
  profile.outputs = std::move(found.outputs);
  profile.forward_equivalents = static_cast<float>(plan.forwards());
  try {
    Indices indices = indices_from(profile.outputs, plan, settings);
    profile.indices = std::move(indices.values);
    profile.standard_error = std::move(indices.standard_errors);
  } catch (const DegenerateOutputs& e) {
    throw DegenerateOutputs("label " + std::to_string(label) + ": " + e.what());
  }
  profile.seconds = seconds_since(start);
  return profile;
}

}  // namespace wcam
