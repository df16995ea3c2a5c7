#include <sys/resource.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <chrono>
#include <optional>

#include "common/base/elapsed.h"
#include "common/base/file.h"
#include "common/command_line/options.h"
#include "common/store/segment.h"
#include "common/study/estimator.h"
#include "common/study/measurement.h"
#include "common/study/plan.h"
#include "worker/commands/commands.h"
#include "worker/jobs/compute.h"
#include "worker/jobs/compute_options.h"
#include "worker/jobs/job_runner.h"
#include "worker/wcam/wcam.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;
using Clock = std::chrono::steady_clock;

namespace wcam {

namespace {

constexpr double kSecondsPerCase = 2;
// Bad images are set aside by a sweep; this many in a row say that something else is wrong.
constexpr std::size_t kImagesTried = 20;
constexpr double kImagesMeasured = 4;  // pictures compress to very different sizes

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam-worker measure PLAN.json --out FILE [options]";
  line.about =
      "Measures for a few seconds how fast each case of a plan is here. `wcam plan` does it by itself.";
  line.example = "wcam-worker measure study/plan.json --out speed.json --device cuda:0";
  line.options.add_options()  //
      ("plan", po::value<std::string>()->value_name("FILE")->required(),
       "plan.json (may be given without --plan)")  //
      ("out", po::value<std::string>()->value_name("FILE")->required(), "JSON file to write");
  line.options.add(compute_options());
  line.positional.add("plan", 1);
  return line;
}

// Of one picture as the store compresses it.
double stored_bytes(const std::vector<RgbImage>& pictures, const Plan& plan, const fs::path& scratch) {
  std::vector<ImageRow> rows;
  for (std::size_t v = 0; v < pictures.size(); ++v)
    rows.push_back(
        {"image", plan.variant_name(static_cast<std::uint16_t>(v)), pictures[v].rows, pictures[v].pixels});
  write_store(scratch, {"", plan.wcam.grid, plan.wcam.levels}, {}, {}, rows);
  const auto bytes = static_cast<double>(fs::file_size(scratch));
  fs::remove(scratch);
  return bytes / static_cast<double>(rows.size());
}

// Makes the pictures of some images that can be used; notes what they cost, and returns the first source.
RgbImage measure_pictures(JobRunner& runner, const Plan& plan, const fs::path& scratch, Measurement& m) {
  std::optional<RgbImage> source;
  double images = 0, seconds = 0, bytes = 0;
  for (std::size_t i = 0; i < std::min(kImagesTried, plan.images.size()) && images < kImagesMeasured; ++i) {
    wire::Job job;
    job.set_image(plan.images[i].path);
    job.set_image_sha256(plan.images[i].sha256);
    const auto start = Clock::now();
    try {
      std::string unused;  // the sweep will say it
      const std::vector<RgbImage> pictures = runner.pictures().all(job, unused);
      seconds += seconds_since(start);
      bytes += stored_bytes(pictures, plan, scratch);
      if (!source) source = pictures.front();
      ++images;
    } catch (const CannotServe&) {
      throw;
    } catch (const InputError&) {
      if (!source && i + 1 == std::min(kImagesTried, plan.images.size())) throw;
    }
  }
  m.variants_seconds = seconds / images;
  m.picture_bytes = bytes / images;
  return *source;
}

struct Enough {};

// Times calls for some seconds, at least one after the first, which pays for memory and caches.
class Stopwatch {
 public:
  void before_call(std::int64_t pictures) {
    if (calls_ == 1) start_ = Clock::now(), pictures_ = 0;
    if (calls_ > 1 && seconds_since(start_) > kSecondsPerCase) throw Enough{};
    ++calls_;
    pictures_ += pictures;
  }
  // Since the second call's begin; of a lone one, since the watch was made.
  double seconds_a_picture() const {
    return seconds_since(calls_ > 1 ? start_ : made_) /
           static_cast<double>(std::max<std::int64_t>(pictures_, 1));
  }

 private:
  Clock::time_point made_ = Clock::now(), start_;
  std::int64_t calls_ = 0, pictures_ = 0;
};

// Begins a WCAM of the picture. An estimator from gradients has but one forward, so that is timed by one from
// differences.
CaseSpeed measure_case(const Model& model, const RgbImage& picture, const Plan& plan, const Design& design,
                       int batch_size) {
  const std::int64_t label = predict(model, {picture}, batch_size).front().label;
  const auto seconds_a_picture = [&](const WcamSettings& settings) {
    Stopwatch watch;
    const Classifier classifier{[&](const at::Tensor& input) {
                                  if (settings.estimator != Estimator::kGradient)
                                    watch.before_call(input.size(0));
                                  return model.forward(input);
                                },
                                model.spec().mean, model.spec().std, model.device(),
                                [&](const at::Tensor& input, std::int64_t of_label) {
                                  watch.before_call(input.size(0));
                                  return model.logit_gradient(input, of_label);
                                }};
    try {
      for (;;) explain(classifier, picture, label, settings, design, batch_size);
    } catch (const Enough&) {
    } catch (const DegenerateOutputs&) {  // what is measured is the time
    }
    return watch.seconds_a_picture();
  };
  CaseSpeed speed{model.spec().name, 0, 0, 0};
  WcamSettings forwards = plan.wcam;
  if (plan.wcam.estimator == Estimator::kGradient) {
    speed.gradient_seconds = seconds_a_picture(plan.wcam);
    forwards.estimator = Estimator::kJansen;
  }
  speed.image_seconds = seconds_a_picture(forwards);
  return speed;
}

Measurement measure(const Plan& plan, const ComputeOptions& compute, const fs::path& scratch) {
  prepare_torch(compute.threads);
  Measurement m;
  const ForwardForm form = compute.form.or_default();
  JobRunner runner(plan, compute.device, always(form), 0);
  const RgbImage picture = measure_pictures(runner, plan, scratch, m);
  const Design design = make_design(plan.wcam);
  for (const CaseSpec& spec : plan.cases) {
    const auto start = Clock::now();
    const Model model = Model::load(spec, compute.device, form);
    if (plan.wcam.estimator == Estimator::kGradient) model.check_gradient();
    const double load_seconds = seconds_since(start);
    m.cases.push_back(measure_case(model, picture, plan, design, form.batch_size));
    m.cases.back().load_seconds = load_seconds;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  m.memory_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) << 10U;
  return m;
}

}  // namespace

ExitCode measure_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const fs::path file = (*values)["plan"].as<std::string>(), out = (*values)["out"].as<std::string>();
  const Plan plan = plan_from_json_text(read_file(file), file.string());
  check(plan);
  check_can_write(out);
  write_file_atomically(out, to_json_text(measure(plan, compute_settings(*values), out)));
  return ExitCode::kDone;
}

}  // namespace wcam
