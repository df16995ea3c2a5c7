// wcam-worker: `run` serves a sweep, the others work without any.
#include <torch/version.h>

#include "common/command_line/verbs.h"
#include "worker/commands/commands.h"
#include "worker/models/blas_kernel.h"

namespace wcam {
namespace {

constexpr VerbAction kActions[] = {
    {"run", run_command},
    {"explain", explain_command},
    {"check-models", check_models_command},
    {"corrupt", corrupt_command},
    {"doctor", worker_doctor_command},
    {"measure", measure_command},
    {"try", try_command},
    {"tune", tune_command},
};

constexpr VerbProgram kProgram{"wcam-worker", "who computes", "wcam-worker run --sweep study --device cuda:1",
                               kActions,      nullptr,        "LibTorch " TORCH_VERSION};
static_assert(acts_on_its_verbs(kProgram));

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  wcam::take_better_blas_kernel(argv);
  return wcam::run_verbs(wcam::kProgram, argc, argv);
}
