// Turns a job into its result: takes the pictures, loads the case and runs the core. Keeps what the next jobs
// are likely to need again. Not thread-safe; LibTorch's calls happen here.
#pragma once

#include <wire.pb.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/store/records.h"
#include "common/study/forward_form.h"
#include "common/study/plan.h"
#include "worker/base/faults.h"
#include "worker/design/design.h"
#include "worker/images/stage.h"
#include "worker/jobs/local_paths.h"
#include "worker/jobs/pictures.h"
#include "worker/models/model.h"
#include "worker/models/model_cache.h"

namespace wcam {

// A finished job: what is stored, and what is said once it is durable (Outcome::segment still empty).
struct JobResult {
  wire::Outcome outcome;
  std::vector<PredictionRow> predictions;
  std::optional<ProfileRow> profile;
  std::optional<ImageRow> image;
  std::string device_fault;  // after a failure that the device may have made: wrong_with() it; empty: nothing
};

// Performs jobs, one after the other. When memory runs out the other cases are dropped, then the batch is
// halved, for this case and from then on, and the job is begun again. What does not fit with one image a
// forward is the job's failure.
class JobRunner {
 public:
  using WrongWithDevice = std::function<std::optional<std::string>()>;
  using FormOf = std::function<ForwardForm(const CaseSpec& spec)>;

  // form_of: asked once a case, before it is loaded. model_bytes: bound of the cases that stay loaded
  // (ModelCache). Throws what relocated() throws, and CannotServe when something is wrong with the device;
  // wrong_with_device (empty: wrong_with() it) is asked then, and after failures that may be its.
  JobRunner(Plan plan, const std::string& device, FormOf form_of, std::uint64_t model_bytes,
            const LocalPaths& paths = {}, WrongWithDevice wrong_with_device = {});

  // Does one job. What can go wrong with it becomes Outcome::failure. Throws CannotServe.
  JobResult run(const wire::Job& job);

  Pictures& pictures() { return pictures_; }

  // Names of the cases that are loaded, most recently used first.
  std::vector<std::string> loaded_cases() const { return models_.loaded(); }

 private:
  Model load(CaseSpec spec, const std::string& device);
  const Model& model(const std::string& case_name);
  const Design& design(std::uint32_t replicate);
  // Calls act(model, batch size) until memory suffices.
  template <typename Act>
  auto with_enough_memory(const std::string& case_name, const Act& act);
  // Throws OutOfMemory when the batch is one image already.
  void halve_batch(const std::string& case_name, const std::exception& why);
  void predict_job(const wire::Job& job, JobResult& result);
  void explain_job(const wire::Job& job, JobResult& result);
  void doubt_device(JobResult& result) const;

  Plan plan_;
  Stage stage_;
  const std::string provenance_;  // of the device
  WrongWithDevice wrong_with_device_;
  FormOf form_of_;
  std::map<std::string, ForwardForm> forms_;  // by case that was loaded; of them the batch that fits
  Design design_;                             // of this replicate:
  std::uint32_t replicate_ = 0;
  ModelCache models_;
  Pictures pictures_;
};

// Every case in the same form.
inline JobRunner::FormOf always(const ForwardForm& form) {
  return [form](const CaseSpec&) { return form; };
}

}  // namespace wcam
