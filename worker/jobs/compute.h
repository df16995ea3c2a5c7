// What a case says of pixels, as the store keeps it: for the jobs of a sweep and for `wcam explain` alike.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/store/records.h"
#include "common/study/wcam_settings.h"
#include "worker/design/design.h"
#include "worker/images/rgb_image.h"
#include "worker/models/model.h"

namespace wcam {

// What computes results on this device and with which libraries: provenance_of() it, and what decodes images.
std::string provenance_of_results(at::Device device);

// What a profile and its image are made of; common to sweeps and `wcam explain`.
struct ExplainSubject {
  std::string image, variant, case_name;
  std::int64_t label = 0;
};

// The WCAM of `pixels` under `model` as a row of the store, summaries included. Role, rank, job and attempt
// are the caller's. known: as explain() takes it. after_batch is called after each of
// ForwardPlan::all_batches(), where nothing is known. Throws what explain() and sufficient_cells() throw.
ProfileRow explain_row(
    const Model& model, const RgbImage& pixels, const ExplainSubject& subject, const WcamSettings& settings,
    const Design& design, int batch_size, std::span<const float> known = {},
    const std::function<void()>& after_batch = [] {});

// Label (arg max), its logit and its soft-max probability for each image, in batches of exactly batch_size
// (the last one padded, so that an image's result does not depend on its neighbours). Logit and probability
// are NaN, and the label means nothing, where one of the logits is not finite.
struct Prediction {
  std::int64_t label = 0;
  float logit = 0, probability = 0;
  // As in PredictionRow.
  std::array<std::int64_t, kTopClasses> top_labels = PredictionRow().top_labels;
  std::array<float, kTopClasses> top_probabilities{};
};
std::vector<Prediction> predict(const Model& model, const std::vector<RgbImage>& images, int batch_size);

// The `count` classes of the largest logits on one image, the largest first; of equal ones the first.
std::vector<Prediction> largest_predictions(const Model& model, const RgbImage& image, std::size_t count);

// Throws DegenerateOutputs naming case and variant where one of the logits was not finite.
void check_finite(const Prediction& prediction, const std::string& case_name, const std::string& variant);

}  // namespace wcam
