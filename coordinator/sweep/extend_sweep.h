// Making a sweep a larger one: its results stay, its plan and ledger give way to those of the larger.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/base/sweep_directory.h"
#include "common/study/plan.h"
#include "coordinator/ledger/ledger.h"

namespace wcam {

struct Extension {
  Plan from, to;
  std::vector<std::string> added;  // a line a kind; empty: nothing is
};

// What --extend asks for of a sweep that is there, from its plan and ledger (nullptr: it has not begun);
// nothing is written. Throws what make_plan() and extended() throw, and UsageError when there is no sweep.
Extension plan_extension(const boost::program_options::variables_map& values, const SweepDirectory& sweep,
                         Database* ledger);

// Carries it out: a ledger that inherits all that was done takes the old one's place, then the plan. What
// they were is kept in SWEEP/earlier/ID, ID being the first 12 digits of the sweep's id. `ledger` is open
// before and after. Killed in between, `wcam repair` restores the plan that belongs to the ledger.
void extend_sweep(const SweepDirectory& sweep, const Extension& extension, std::optional<Ledger>& ledger);

}  // namespace wcam
