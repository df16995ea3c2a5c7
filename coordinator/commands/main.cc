// wcam-coordinator: one sweep's coordinator, and what can be asked of a sweep without one.
#include "common/command_line/verbs.h"
#include "coordinator/commands/commands.h"

namespace wcam {
namespace {

constexpr Verb kVerbs[] = {
    {"run", "make or resume a sweep and serve its jobs to workers", run_command},
    {"doctor", "whether a sweep would be safe in a folder and found on this host",
     coordinator_doctor_command},
    {"plan", "what run would do, and what it costs", plan_command},
    {"status", "how far a sweep is", status_command},
    {"jobs", "the jobs of a sweep, listed", jobs_command},
    {"show", "one job and every attempt at it", show_command},
    {"pause", "hand nothing more out until resume", pause_command},
    {"resume", "go on after pause", resume_command},
    {"drain", "let one worker finish and go", drain_command},
    {"cancel", "give up jobs, a case, an image or all that is left", cancel_command},
    {"retry", "put back what was set aside or cancelled", retry_command},
    {"verify", "whether ledger and results of a sweep are sound", verify_command},
    {"repair", "mend the ledger from what is stored, or make it anew", repair_command},
    {"keys", "the keys of a sweep's coordinator and workers: make, add, revoke, list", keys_command},
    {"pack", "merge a sweep's segments into results.h5", pack_command},
};

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  return wcam::run_verbs(
      {"wcam-coordinator", "who decides what is computed next",
       "wcam-coordinator run --images photos --models models.json --cases baseline,augmix --sweep study",
       wcam::kVerbs},
      argc, argv);
}
