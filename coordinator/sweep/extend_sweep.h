// Making a sweep a larger one: its results stay, its plan and ledger give way to those of the larger.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/base/sweep_directory.h"
#include "common/study/plan.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/sweep/prospect.h"

namespace wcam {

struct Extension {
  Plan from, to;
  std::vector<std::string> added;  // a line a kind; empty: nothing is
};

// The checked plan of a sweep that --extend is to add to. Throws UsageError when there is none.
Plan plan_to_extend(const SweepDirectory& sweep);

// The state of that sweep, at rest; nothing is written. One that has not begun has done nothing.
SweepState state_to_extend(const SweepDirectory& sweep);

// What --extend asks for of a sweep in this state; nothing is written. Throws what make_plan() and extended()
// throw.
Extension plan_extension(const boost::program_options::variables_map& values, const SweepState& state);

// What the larger sweep takes up of the results in the smaller one's ledger: all but those of WCAMs that get
// more design points, which are done again.
struct HandedDown {
  std::vector<JobDone> results;
  std::size_t to_deepen = 0;
};
HandedDown handed_down(Database& ledger, const Extension& extension);

// What is then ahead of it, of a smaller one in this state.
Prospect prospect_of(const Extension& extension, const SweepState& state, const HandedDown& handed);

// Carries it out: a ledger that inherits `handed` takes the old one's place, then the plan. What they were is
// kept (SweepDirectory::earlier()), and where WCAMs get more design points results.h5, for the outputs at
// those that are there (KnownOutputs). `ledger` is open before, with this state, and after. Killed in
// between, `wcam repair` restores the plan that belongs to the ledger.
void extend_sweep(const SweepDirectory& sweep, const Extension& extension, const SweepState& state,
                  const HandedDown& handed, std::optional<Ledger>& ledger);

}  // namespace wcam
