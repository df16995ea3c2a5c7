#include "worker/jobs/job_runner.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "common/base/error.h"
#include "common/base/utf8.h"
#include "common/study/estimator.h"
#include "common/study/perturbation.h"
#include "worker/jobs/compute.h"
#include "worker/models/device.h"
#include "worker/models/memory.h"
#include "worker/wcam/known_wcam.h"

namespace wcam {

namespace {

void fail(JobResult& result, wire::Failure::Kind kind, const std::string& text) {
  spdlog::warn("job {:016x}: {}", result.outcome.job(), text);
  auto& failure = *result.outcome.mutable_failure();
  failure.set_kind(kind);
  failure.set_text(made_utf8(text));
}

// Of a control to the altered variant it is the control of.
float severity_difference(const std::string& variant, const std::string& control_of) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  if (control_of.empty()) return kNone;
  const int of_control = parse_variant(variant).severity, of_altered = parse_variant(control_of).severity;
  return of_altered == 0 ? kNone : static_cast<float>(of_control - of_altered);
}

}  // namespace

JobRunner::JobRunner(Plan plan, const std::string& device, FormOf form_of, std::uint64_t model_bytes,
                     const LocalPaths& paths, WrongWithDevice wrong_with_device)
    : plan_(relocated(std::move(plan), paths)),
      stage_(paths.stage),
      provenance_(provenance_of_results(parse_device(device))),
      wrong_with_device_(std::move(wrong_with_device)),
      form_of_(std::move(form_of)),
      design_(make_design(plan_.wcam)),
      models_(model_bytes, [this, device](const CaseSpec& spec) { return load(spec, device); }),
      pictures_(plan_, stage_, paths) {
  if (!wrong_with_device_) wrong_with_device_ = [device] { return wrong_with(parse_device(device)); };
  if (const auto wrong = wrong_with_device_()) throw CannotServe(*wrong);
}

Model JobRunner::load(CaseSpec spec, const std::string& device) {
  spec.file = stage_.local(spec.file, spec.sha256);
  if (!forms_.contains(spec.name)) forms_[spec.name] = form_of_(spec);
  Model model = Model::load(spec, device, forms_.at(spec.name));
  if (plan_.wcam.estimator == Estimator::kGradient) model.check_gradient();
  return model;
}

JobResult JobRunner::run(const wire::Job& job) {
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
void JobRunner::doubt_device(JobResult& result) const {
  const auto wrong = wrong_with_device_();
  if (!wrong) return;
  result.device_fault = *wrong;
  wire::Failure& failure = *result.outcome.mutable_failure();
  failure.set_kind(wire::Failure::UNSPECIFIED);
  failure.set_text(failure.text() + "\n" + *wrong);
}

const Model& JobRunner::model(const std::string& case_name) {
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

// Jobs of one replicate of an image come together.
const Design& JobRunner::design(std::uint32_t replicate) {
  if (std::exchange(replicate_, replicate) == replicate) return design_;
  WcamSettings settings = plan_.wcam;
  settings.design_seed += replicate;
  design_ = make_design(settings);
  return design_;
}

template <typename Act>
auto JobRunner::with_enough_memory(const std::string& case_name, const Act& act) {
  for (bool all_given_up = false;; all_given_up = true) {
    const Model* loaded = nullptr;
    try {
      loaded = &model(case_name);
      return act(*loaded, forms_.at(case_name).batch_size);
    } catch (const std::exception& e) {
      // A plain network is loaded without its batch.
      if (!is_out_of_memory(e) || (loaded == nullptr && !forms_[case_name].optimised)) throw;
      if (all_given_up) halve_batch(case_name, e);
    }
    models_.keep_only(case_name);
    return_freed_memory();
  }
}

void JobRunner::halve_batch(const std::string& case_name, const std::exception& why) {
  int& images = forms_.at(case_name).batch_size;
  if (images == 1)
    throw OutOfMemory(std::string("out of memory with one image a forward and no other case loaded: ") +
                      why.what());
  spdlog::warn("case {}: out of memory with {} images a forward ({}): {} from now on", case_name, images,
               why.what(), images / 2);
  images /= 2;
  if (forms_.at(case_name).optimised) models_.drop(case_name);  // it takes batches of one size
}

void JobRunner::predict_job(const wire::Job& job, JobResult& result) {
  std::string caution;
  const std::vector<RgbImage> images = pictures_.all(job, caution);
  result.outcome.set_caution(caution);
  const auto predictions = with_enough_memory(
      job.case_name(), [&](const Model& loaded, int batch) { return predict(loaded, images, batch); });
  const auto variant = [&](std::size_t i) -> const std::string& {
    return plan_.variant_name(static_cast<std::uint16_t>(job.predict().first() + i));
  };
  for (std::size_t i = 0; i < predictions.size(); ++i)
    check_finite(predictions[i], job.case_name(), variant(i));
  auto& answer = *result.outcome.mutable_predictions();
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const Prediction& p = predictions[i];
    answer.add_label(p.label);
    answer.add_logit(p.logit);
    answer.add_probability(p.probability);
    result.predictions.push_back({JobId{job.job()}, Attempt{job.attempt()}, job.image(), plan_.perturbation,
                                  variant(i), job.case_name(), p.label, p.logit, p.probability, p.top_labels,
                                  p.top_probabilities, provenance_});
  }
}

void JobRunner::explain_job(const wire::Job& job, JobResult& result) {
  const auto& wanted = job.explain();
  std::string caution;
  RgbImage pixels = pictures_.of(job, wanted.variant(), caution);
  const ExplainSubject subject{job.image(), wanted.variant(), job.case_name(), wanted.label()};
  const std::span<const float> known(wanted.known_outputs().data(),
                                     static_cast<std::size_t>(wanted.known_outputs().size()));
  ProfileRow row = with_enough_memory(job.case_name(), [&](const Model& loaded, int batch) {
    return explain_row(loaded, pixels, subject, plan_.wcam, design(wanted.replicate()), batch, known);
  });
  row.job = JobId{job.job()};
  row.attempt = Attempt{job.attempt()};
  row.perturbation = plan_.perturbation;
  row.role = parse_role(wanted.role());
  row.rank = wanted.rank();
  row.role_index = wanted.role_index();
  row.explained = parse_label_kinds(wanted.explained());
  row.replicate = wanted.replicate();
  row.control_of = wanted.control_of();
  row.severity_difference = severity_difference(row.variant, row.control_of);
  result.outcome.mutable_profile()->set_seconds(row.seconds);
  result.image = ImageRow{job.image(), wanted.variant(), pixels.rows, std::move(pixels.pixels), caution};
  result.profile = std::move(row);
}

}  // namespace wcam
