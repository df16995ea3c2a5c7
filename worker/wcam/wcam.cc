#include "worker/wcam/wcam.h"

#include <ATen/ops/cat.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include "common/base/elapsed.h"
#include "common/base/error.h"
#include "common/study/estimator.h"
#include "common/study/indices.h"
#include "worker/wcam/reconstruction.h"
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

// All forwards: the unmasked image's logit, then those of the plan's rows.
std::vector<float> run(const Classifier& classifier, const RgbImage& image, std::int64_t label,
                       const WcamSettings& settings, const Design& design, int batch_size,
                       const ForwardPlan& plan) {
  Reconstruction reconstruction(image_planes(image, settings.mode, classifier.mean, classifier.std), settings,
                                classifier.mean, classifier.std, classifier.device, batch_size);
  const auto cells = static_cast<std::size_t>(settings.cells()), size = static_cast<std::size_t>(batch_size);
  std::vector<double> row(cells);
  std::vector<float> masks(size * cells);
  std::vector<at::Tensor> logits;
  std::size_t next = 0;  // of plan.rows
  for (std::int64_t batch = 0; batch < plan.batches(batch_size); ++batch) {
    const std::size_t first = batch == 0 ? 1 : 0, count = std::min(size - first, plan.rows.size() - next);
    if (batch == 0)
      reconstruction.batch().select(0, 0).copy_(
          image_planes(image, Mode::kReference, classifier.mean, classifier.std));
    for (std::size_t i = 0; i < count; ++i, ++next) {
      design.row(plan.rows[next], row);
      std::transform(row.begin(), row.end(), masks.begin() + static_cast<std::ptrdiff_t>(i * cells),
                     [](double value) { return static_cast<float>(value); });
    }
    reconstruction.write(std::span<const float>(masks).first(count * cells), static_cast<int>(first));
    logits.push_back(logits_of(classifier, reconstruction.batch(), label));
  }
  const at::Tensor all = at::cat(logits).cpu();
  const auto* value = all.data_ptr<float>();
  std::vector<float> outputs(value, value + plan.images());
  repeat_equal_outputs(std::span(outputs).subspan(1), plan, settings, design,
                       reconstruction.has_coefficients());
  return outputs;
}

void check_finite(std::span<const float> outputs, std::int64_t label) {
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!std::isfinite(outputs[i]))
      throw DegenerateOutputs("the logit of label " + std::to_string(label) + " is " +
                              std::to_string(outputs[i]) + " on " +
                              (i == 0 ? "the image" : "reconstruction " + std::to_string(i - 1)) +
                              ": the classifier cannot be explained");
}

}  // namespace

Profile explain(const Classifier& classifier, const RgbImage& image, std::int64_t label,
                const WcamSettings& settings, const Design& design, int batch_size) {
  const auto start = std::chrono::steady_clock::now();
  check(image, label, settings, design, batch_size);
  const c10::InferenceMode inference;
  const ForwardPlan plan = forward_plan(settings, image.rows);
  Profile profile;
  profile.outputs = run(classifier, image, label, settings, design, batch_size, plan);
  check_finite(profile.outputs, label);
  profile.logit = profile.outputs.front();
  profile.outputs.erase(profile.outputs.begin());
  profile.forward_equivalents = static_cast<float>(plan.images());
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
