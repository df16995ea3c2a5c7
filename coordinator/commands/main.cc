// wcam-coordinator: one sweep's coordinator, and what can be asked of a sweep without one.
#include "common/command_line/verbs.h"
#include "coordinator/commands/commands.h"

namespace wcam {
namespace {

constexpr VerbAction kActions[] = {
    {"run", run_command},       {"doctor", coordinator_doctor_command},
    {"plan", plan_command},     {"status", status_command},
    {"jobs", jobs_command},     {"show", show_command},
    {"pause", pause_command},   {"resume", resume_command},
    {"drain", drain_command},   {"cancel", cancel_command},
    {"retry", retry_command},   {"verify", verify_command},
    {"repair", repair_command}, {"keys", keys_command},
    {"pack", pack_command},
};

constexpr VerbProgram kProgram{
    "wcam-coordinator", "who decides what is computed next",
    "wcam-coordinator run --images photos --models models.json --cases baseline,augmix --sweep study",
    kActions};
static_assert(acts_on_its_verbs(kProgram));

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) { return wcam::run_verbs(wcam::kProgram, argc, argv); }
