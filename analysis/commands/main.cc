// wcam-analysis: what stored results say, in tables and numbers.
#include "analysis/commands/commands.h"
#include "common/command_line/verbs.h"

namespace wcam {
namespace {

constexpr VerbAction kActions[] = {
    {"info", info_command},
    {"export", export_command},
};

constexpr VerbProgram kProgram{"wcam-analysis", "what stored results say", "wcam export study --csv tables",
                               kActions};
static_assert(acts_on_its_verbs(kProgram));

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) { return wcam::run_verbs(wcam::kProgram, argc, argv); }
