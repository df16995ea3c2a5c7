#include "worker/jobs/perform.h"

#include <ATen/Functions.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/utf8.h"
#include "worker/models/device.h"
#include "worker/models/memory.h"
#include "worker/wcam/estimator.h"
#include "worker/wcam/known_wcam.h"
#include "worker/wcam/summary.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

// Jobs of one image come together, one a case.
constexpr std::uint64_t kSourcesKept = 8;

void fail(JobResult& result, wire::Failure::Kind kind, const std::string& text) {
  spdlog::warn("job {:016x}: {}", result.outcome.job(), text);
  auto& failure = *result.outcome.mutable_failure();
  failure.set_kind(kind);
  failure.set_text(made_utf8(text));
}

// What read() throws is the image's fault or, where the worker was told to look elsewhere, this host's.
template <typename Read>
auto planned(bool own, const Read& read) {
  try {
    return read();
  } catch (const CannotServe&) {
    throw;
  } catch (const InputError& e) {
    if (!own) throw;
    throw CannotServe(std::string(e.what()) +
                      "; this worker was told to look there, and others may have the planned file");
  }
}

}  // namespace

ProfileRow explain_row(const Model& model, const RgbImage& pixels, const ExplainSubject& subject,
                       const WcamSettings& settings, const Design& design, int batch_size) {
  const Classifier classifier{[&](const at::Tensor& input) { return model.forward(input); },
                              model.spec().mean, model.spec().std, model.device()};
  Profile profile = explain(classifier, pixels, subject.label, settings, design, batch_size);
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
  row.seconds = profile.seconds;
  row.device = model.device().str();
  row.provenance = provenance_of(model.device());
  row.estimator = std::string(to_string(settings.estimator)) + "-" + std::string(to_string(settings.order));
  return row;
}

std::vector<Prediction> predict(const Model& model, const std::vector<RgbImage>& images, int batch_size) {
  std::vector<Prediction> predictions;
  const auto batch = static_cast<std::size_t>(batch_size);
  for (std::size_t first = 0; first < images.size(); first += batch) {
    const std::size_t wanted = std::min(images.size() - first, batch);
    const at::Tensor logits = model.forward(model.to_input(batch_from(images, first, batch))).to(at::kCPU);
    const auto [logit, label] = logits.max(1);
    const at::Tensor probability = at::softmax(logits, 1).gather(1, label.unsqueeze(1));
    for (std::size_t i = 0; i < wanted; ++i) {
      const auto row = static_cast<std::int64_t>(i);
      predictions.push_back(
          {label[row].item<std::int64_t>(), logit[row].item<float>(), probability[row][0].item<float>()});
    }
  }
  return predictions;
}

Performer::Performer(Plan plan, const std::string& device, int batch_size, std::uint64_t model_bytes,
                     const Places& places, WrongWithDevice wrong_with_device)
    : own_images_(!places.images.empty()),
      own_variants_(!places.variants.empty()),
      plan_(relocated(std::move(plan), places)),
      stage_(places.stage),
      provenance_(provenance_of(parse_device(device))),
      wrong_with_device_(std::move(wrong_with_device)),
      batch_size_(batch_size),
      design_(make_design(plan_.wcam)),
      models_(model_bytes, [this, device](const CaseSpec& spec) { return load(spec, device); }),
      sources_(kSourcesKept),
      disk_variants_(plan_, stage_) {
  if (!wrong_with_device_) wrong_with_device_ = [device] { return wrong_with(parse_device(device)); };
  if (const auto wrong = wrong_with_device_()) throw CannotServe(*wrong);
}

Model Performer::load(CaseSpec spec, const std::string& device) const {
  spec.file = stage_.local(spec.file, spec.sha256);
  return Model::load(spec, device);
}

JobResult Performer::perform(const wire::Job& job) {
  JobResult result;
  result.outcome.set_job(job.job());
  result.outcome.set_attempt(job.attempt());
  try {
    job.has_predict() ? predict_job(job, result) : explain_job(job, result);
  } catch (const CannotServe&) {
    throw;
  } catch (const BadImage& e) {
    fail(result, wire::Failure::BAD_IMAGE, e.what());
  } catch (const DegenerateOutputs& e) {
    fail(result, wire::Failure::DEGENERATE, e.what());
    doubt_device(result);
  } catch (const InputError& e) {  // of a file
    fail(result, wire::Failure::UNSPECIFIED, e.what());
  } catch (const std::exception& e) {
    fail(result, wire::Failure::UNSPECIFIED, e.what());
    doubt_device(result);
  }
  return result;
}

// The job may have broken it, or it the job: its failure counts, and it is tried elsewhere.
void Performer::doubt_device(JobResult& result) const {
  const auto wrong = wrong_with_device_();
  if (!wrong) return;
  result.device_fault = *wrong;
  wire::Failure& failure = *result.outcome.mutable_failure();
  failure.set_kind(wire::Failure::UNSPECIFIED);
  failure.set_text(failure.text() + "\n" + *wrong);
}

const Model& Performer::model(const std::string& case_name) {
  const CaseSpec& spec = plan_.find_case(case_name);
  try {
    try {
      return models_.get(spec);
    } catch (const OutOfMemory&) {
      if (!models_.keep_only(case_name)) throw;
    }
    return models_.get(spec);
  } catch (const InputError& e) {
    throw CannotServe(e.what());
  }
}

int& Performer::batch_size(const std::string& case_name) {
  return batch_sizes_.try_emplace(case_name, batch_size_).first->second;
}

template <typename Act>
auto Performer::with_enough_memory(const std::string& case_name, const Act& act) {
  for (bool all_given_up = false;; all_given_up = true) {
    const Model& loaded = model(case_name);
    try {
      return act(loaded, batch_size(case_name));
    } catch (const std::exception& e) {
      if (!is_out_of_memory(e)) throw;
      if (all_given_up) halve_batch(case_name, e);
    }
    models_.keep_only(case_name);
    return_freed_memory();
  }
}

void Performer::halve_batch(const std::string& case_name, const std::exception& why) {
  int& images = batch_size(case_name);
  if (images == 1)
    throw OutOfMemory(std::string("out of memory with one image a forward and no other case loaded: ") +
                      why.what());
  spdlog::warn("case {}: out of memory with {} images a forward ({}): {} from now on", case_name, images,
               why.what(), images / 2);
  images /= 2;
}

const RgbImage& Performer::source(const wire::Job& job) {
  if (const RgbImage* known = sources_.find(job.image())) return *known;
  if (!fs::is_directory(plan_.images_root))
    throw CannotServe("the folder of images, " + plan_.images_root.string() + ", is not there");
  // The plan decides which files are read, whatever a message says.
  const fs::path file =
      stage_.local(plan_.images_root / plan_.find_image(job.image()).path, job.image_sha256());
  // A file that cannot be opened may be there at the next attempt; one that is not what was planned never
  // will. Read once: what is hashed is what is decoded.
  const std::string bytes = planned(own_images_, [&] {
    std::string content = read_file(file);
    if (const std::string found = sha256_of(content); found != job.image_sha256())
      throw BadImage(file.string() + " has SHA-256 " + found + ", the plan says " + job.image_sha256() +
                     ": it was changed after the sweep began, or is another file");
    return content;
  });
  try {
    RgbImage image = fit_source(decode_bytes(bytes), plan_);
    sources_.make_room(1);
    return sources_.add(job.image(), std::move(image), 1);
  } catch (const InputError& e) {
    throw BadImage(file.string() + ": " + e.what());
  }
}

const FrostOverlays& Performer::frost_overlays() {
  if (!frost_overlays_) frost_overlays_ = planned_frost_overlays(plan_);
  return *frost_overlays_;
}

RgbImage Performer::pixels_of(const wire::Job& job, const std::string& variant) {
  const RgbImage& original = source(job);
  if (variant == kSourceVariant) return original;
  if (is_on_disk(plan_.perturbation))
    return planned(own_variants_, [&] { return disk_variants_.load(job.image(), variant); });
  return corrupt(original, parse_variant(variant), {plan_.seed, job.image_sha256()}, frost_overlays());
}

std::vector<RgbImage> Performer::pictures(const wire::Job& job) {
  std::vector<RgbImage> images;
  for (std::size_t v = 0; v <= plan_.variants.size(); ++v)
    images.push_back(pixels_of(job, plan_.variant_name(static_cast<std::uint16_t>(v))));
  return images;
}

void Performer::predict_job(const wire::Job& job, JobResult& result) {
  const std::vector<RgbImage> images = pictures(job);
  const auto predictions = with_enough_memory(
      job.case_name(), [&](const Model& loaded, int batch) { return predict(loaded, images, batch); });
  auto& answer = *result.outcome.mutable_predictions();
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto& [label, logit, probability] = predictions[i];
    answer.add_label(label);
    answer.add_logit(logit);
    answer.add_probability(probability);
    result.predictions.push_back({JobId{job.job()}, Attempt{job.attempt()}, job.image(), plan_.perturbation,
                                  plan_.variant_name(static_cast<std::uint16_t>(i)), job.case_name(), label,
                                  logit, probability, provenance_});
  }
}

void Performer::explain_job(const wire::Job& job, JobResult& result) {
  const auto& wanted = job.explain();
  RgbImage pixels = pixels_of(job, wanted.variant());
  const ExplainSubject subject{job.image(), wanted.variant(), job.case_name(), wanted.label()};
  ProfileRow row = with_enough_memory(job.case_name(), [&](const Model& loaded, int batch) {
    return explain_row(loaded, pixels, subject, plan_.wcam, design_, batch);
  });
  row.job = JobId{job.job()};
  row.attempt = Attempt{job.attempt()};
  row.perturbation = plan_.perturbation;
  row.role = parse_role(wanted.role());
  row.rank = wanted.rank();
  row.role_index = wanted.role_index();
  result.outcome.mutable_profile()->set_seconds(row.seconds);
  result.image = ImageRow{job.image(), wanted.variant(), pixels.rows, std::move(pixels.pixels)};
  result.profile = std::move(row);
}

}  // namespace wcam
