// The plan of a sweep whose plan.json may be gone, damaged or another sweep's.
#pragma once

#include <optional>
#include <string>

#include "common/base/sweep_directory.h"
#include "common/study/plan.h"
#include "coordinator/ledger/sqlite.h"

namespace wcam {

struct FoundPlan {
  Plan plan;
  std::string copy_in;  // the file that has it
  std::string problem;  // what is wrong with plan.json; empty: it is sound
};

// Of plan.json, the ledger's copy and that in results.h5 the first whose id something else in the folder has
// too: another copy, the ledger's column or a file of results. A copy alone will do where nothing says
// otherwise. Throws InputError that tells what is wrong with each when there is none.
FoundPlan find_plan(const SweepDirectory& sweep, std::optional<Database>& ledger);

}  // namespace wcam
