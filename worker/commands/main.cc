// wcam-worker: `run` serves a sweep, the others work without any.
#include "common/command_line/verbs.h"
#include "worker/commands/commands.h"

namespace wcam {
namespace {

constexpr Verb kVerbs[] = {
    {"run", "serve a sweep's coordinator until nothing is left to do", run_command},
    {"explain", "the WCAM of one image under one classifier, without a sweep", explain_command},
    {"check-models", "whether the cases of a models.json are what they are said to be", check_models_command},
    {"corrupt", "a corrupted image, or all corruptions on one sheet", corrupt_command},
    {"doctor", "whether LibTorch, driver and devices of this host compute right", worker_doctor_command},
    {"measure", "how fast this worker would be at a plan's cases", measure_command},
};

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  return wcam::run_verbs(
      {"wcam-worker", "who computes", "wcam-worker run --sweep study --device cuda:1", wcam::kVerbs}, argc,
      argv);
}
