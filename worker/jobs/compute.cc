#include "worker/jobs/compute.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "common/base/elapsed.h"
#include "common/base/message_text.h"
#include "common/study/estimator.h"
#include "common/study/wcam_doubts.h"
#include "common/study/wcam_options.h"
#include "worker/images/jpeg.h"
#include "worker/images/opencv.h"
#include "worker/models/device.h"
#include "worker/wcam/sufficient.h"
#include "worker/wcam/summary.h"
#include "worker/wcam/wcam.h"

namespace wcam {

std::string provenance_of_results(at::Device device) {
  return (provenance_of(device) + "; " + opencv_version() + "; " + jpeg_version())
      .substr(0, kLongestProvenance);
}

ProfileRow explain_row(const Model& model, const RgbImage& pixels, const ExplainSubject& subject,
                       const WcamSettings& settings, const Design& design, int batch_size,
                       std::span<const float> known, const std::function<void()>& after_batch) {
  const Classifier classifier{[&](const at::Tensor& input) {
                                at::Tensor logits = model.forward(input);
                                after_batch();
                                return logits;
                              },
                              model.spec().mean, model.spec().std, model.device(),
                              [&](const at::Tensor& input, std::int64_t label) {
                                LogitGradient gradient = model.logit_gradient(input, label);
                                after_batch();
                                return gradient;
                              }};
  Profile profile = explain(classifier, pixels, subject.label, settings, design, batch_size, known);
  Summary summary = summarise(profile.indices, settings, pixels.rows);
  ProfileRow row;
  row.image = subject.image;
  row.variant = subject.variant;
  row.case_name = subject.case_name;
  row.label = subject.label;
  row.logit = profile.logit;
  row.wcam = std::move(profile.indices);
  row.standard_error = std::move(profile.standard_error);
  row.outputs = std::move(profile.outputs);
  row.level_share = std::move(summary.level_share);
  row.level_contributions = std::move(summary.level_contributions);
  row.spectral_profile = std::move(summary.spectral_profile);
  row.robustness_margin = summary.robustness_margin;
  row.spatial_spread = summary.spatial_spread;
  row.forward_equivalents = profile.forward_equivalents;
  row.batch_size = static_cast<std::uint32_t>(batch_size);
  row.form = form_name(model.form().optimised);
  row.seconds = profile.seconds;
  row.device = model.device().str();
  row.provenance = provenance_of_results(model.device());
  row.estimator = std::string(to_string(settings.estimator)) + "-" + std::string(to_string(settings.order));
  if (settings.sufficient) {
    const auto start = std::chrono::steady_clock::now();
    const SufficientCells found =
        sufficient_cells(classifier, pixels, subject.label, row.wcam, settings, batch_size);
    row.sufficient_cells = found.fewest.value_or(kNeverSufficient);
    row.sufficient_cells_stay = found.stay.value_or(kNeverSufficient);
    row.seconds += seconds_since(start);
  }
  row.doubts = joined(
      wcam_doubts(row.wcam, row.standard_error, row.level_share, settings.estimator == Estimator::kGradient),
      &WcamDoubt::mark);
  return row;
}

std::vector<Prediction> predict(const Model& model, const std::vector<RgbImage>& images, int batch_size) {
  std::vector<Prediction> predictions;
  const auto batch = static_cast<std::size_t>(batch_size);
  for (std::size_t first = 0; first < images.size(); first += batch) {
    const std::size_t wanted = std::min(images.size() - first, batch);
    const at::Tensor logits = model.forward(model.to_input(batch_from(images, first, batch))).to(at::kCPU);
    const auto [logit, label] = logits.max(1);
    const at::Tensor soft_max = at::softmax(logits, 1);
    const at::Tensor probability = soft_max.gather(1, label.unsqueeze(1));
    const at::Tensor top_labels = logits.argsort(true, 1, true).slice(1, 0, std::int64_t{kTopClasses});
    const at::Tensor top_probabilities = soft_max.gather(1, top_labels);
    const at::Tensor finite = logits.isfinite().all(1);
    for (std::size_t i = 0; i < wanted; ++i) {
      const auto row = static_cast<std::int64_t>(i);
      predictions.push_back(
          {label[row].item<std::int64_t>(), logit[row].item<float>(), probability[row][0].item<float>()});
      predictions.back().top_probabilities.fill(std::numeric_limits<float>::quiet_NaN());
      for (std::int64_t k = 0; k < top_labels.size(1); ++k) {
        predictions.back().top_labels[static_cast<std::size_t>(k)] = top_labels[row][k].item<std::int64_t>();
        predictions.back().top_probabilities[static_cast<std::size_t>(k)] =
            top_probabilities[row][k].item<float>();
      }
      if (!finite[row].item<bool>())
        predictions.back().logit = predictions.back().probability = std::numeric_limits<float>::quiet_NaN();
    }
  }
  return predictions;
}

std::vector<Prediction> largest_predictions(const Model& model, const RgbImage& image, std::size_t count) {
  const at::Tensor logits = model.forward(model.to_input({&image, 1})).to(at::kCPU)[0];
  const at::Tensor probabilities = at::softmax(logits, 0);
  std::vector<Prediction> all;
  for (std::int64_t label = 0; label < logits.size(0); ++label)
    all.push_back({label, logits[label].item<float>(), probabilities[label].item<float>()});
  std::stable_sort(all.begin(), all.end(),
                   [](const Prediction& a, const Prediction& b) { return a.logit > b.logit; });
  all.resize(std::min(count, all.size()));
  return all;
}

void check_finite(const Prediction& prediction, const std::string& case_name, const std::string& variant) {
  if (!std::isfinite(prediction.logit))
    throw DegenerateOutputs("not all logits of case " + case_name + " are finite on " + variant +
                            ": nothing can be predicted, and nothing explained");
}

}  // namespace wcam
