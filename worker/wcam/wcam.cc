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

// Outputs at the design's first points, and at the others once they are known. One a row of the plan, which
// lists N rows a sample.
class Outputs {
 public:
  Outputs(const ForwardPlan& plan, int nb_design, std::span<const float> known) : values_(plan.rows.size()) {
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

  const std::vector<std::size_t>& missing() const { return missing_; }
  // values: of missing(), in that order.
  std::vector<float> with(std::span<const float> values) && {
    for (std::size_t i = 0; i < missing_.size(); ++i) values_[missing_[i]] = values[i];
    return std::move(values_);
  }

 private:
  std::vector<float> values_;
  std::vector<std::size_t> missing_;  // ascending, into the plan's rows
};

struct Logits {
  float unmasked = 0;
  std::vector<float> of_rows;  // the plan's
};

Logits run(const Classifier& classifier, const RgbImage& image, std::int64_t label,
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
  Logits all_logits{*value, std::move(outputs).with({value + 1, rows.size()})};
  repeat_equal_outputs(all_logits.of_rows, plan, settings, design, reconstruction.has_coefficients());
  return all_logits;
}

void check_finite(const Logits& logits, std::int64_t label) {
  const auto check_one = [&](float logit, const std::string& on) {
    if (!std::isfinite(logit))
      throw DegenerateOutputs("the logit of label " + std::to_string(label) + " is " + std::to_string(logit) +
                              " on " + on + ": the classifier cannot be explained");
  };
  check_one(logits.unmasked, "the image");
  for (std::size_t i = 0; i < logits.of_rows.size(); ++i)
    check_one(logits.of_rows[i], "reconstruction " + std::to_string(i));
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
  Logits logits = run(classifier, image, label, settings, design, batch_size, plan, known);
  check_finite(logits, label);
  profile.logit = logits.unmasked;
  profile.outputs = std::move(logits.of_rows);
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
