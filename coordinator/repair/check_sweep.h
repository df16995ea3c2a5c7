// Whether ledger and store of a sweep are sound, and say the same: for `verify`, which tells, and `repair`,
// which acts on it. Nothing here changes a file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/sweep_directory.h"
#include "coordinator/ledger/sqlite.h"
#include "coordinator/ledger/stored_results.h"
#include "coordinator/queue/sweep_state.h"
#include "coordinator/repair/find_plan.h"
#include "coordinator/repair/rebuild.h"

namespace wcam {

struct SweepCheck {
  // What is wrong with the ledger, a sentence each; empty: it is sound.
  std::vector<std::string> ledger_problems;
  std::optional<SweepState> state;  // of a sound ledger of a sweep that has begun
  StoredResults stored;
  std::vector<LostResult> lost;  // of a sound ledger
  // Of a sound ledger: jobs that it does not have as done, and whose result is stored. A worker may still
  // hand it in.
  std::vector<JobId> unknown;
  // Of what an extended sweep was before: its plan, and the results of WCAMs of fewer design points. Nothing
  // that counts is in them, and a file that was taken away is no damage.
  std::vector<DamagedFile> damaged_before = {};
  bool sound() const { return ledger_problems.empty() && stored.damaged.empty() && lost.empty(); }
};

// A sweep that has been checked and cannot change meanwhile.
struct LockedSweep {
  FoundPlan found;
  // The ledger with a read transaction under way: as long as this lives, no coordinator can start. nullopt:
  // it is not there, or is no database.
  std::optional<Database> ledger;
  SweepCheck check;
  bool sound() const { return found.problem.empty() && check.sound(); }
};

// Holds the sweep and checks all of it: O(everything stored). Throws what find_plan() throws, and InputError
// naming the coordinator when one has the ledger.
LockedSweep lock_and_check(const SweepDirectory& sweep);

}  // namespace wcam
