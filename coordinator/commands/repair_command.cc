#include <algorithm>
#include <iostream>
#include <optional>

#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/printable.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "coordinator/commands/commands.h"
#include "coordinator/repair/check_sweep.h"
#include "coordinator/repair/rebuild.h"
#include "coordinator/sweep/open_sweep.h"
#include "coordinator/sweep/status.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

void rename_or_say(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    throw InputError("cannot rename " + from.string() + " to " + to.string() + ": " + error.message());
}

// The first name "FILE.damaged-N" that is free. Readers of segments do not take it for one.
fs::path name_aside(const fs::path& file) {
  for (int n = 1;; ++n) {
    fs::path name = file.string() + ".damaged-" + std::to_string(n);
    if (!fs::exists(name)) return name;
  }
}

void restore_plan(const SweepDirectory& sweep, const FoundPlan& found) {
  std::cout << printable(found.problem) << "\n";
  if (fs::exists(sweep.plan())) {
    const fs::path aside = name_aside(sweep.plan());
    rename_or_say(sweep.plan(), aside);
    std::cout << "  moved to " << aside.string() << "\n";
  }
  write_file_atomically(sweep.plan(), to_json_text(found.plan));
  std::cout << sweep.plan().string() << " is again the one that " << found.copy_in << " has\n";
}

void move_damaged_results(const SweepCheck& check) {
  for (const DamagedFile& damaged : check.stored.damaged) {
    const fs::path aside = name_aside(damaged.file);
    rename_or_say(damaged.file, aside);
    std::cout << printable(damaged.why) << "\n  moved to " << aside.string() << "\n";
  }
}

// Puts a new ledger in place of the old one, which is kept beside it. At every moment either is there under
// the name.
void replace_ledger(const SweepDirectory& sweep, const Plan& plan, const std::vector<Event>& events) {
  PendingFile pending(sweep.ledger());
  {
    Ledger ledger(pending.path());
    ledger.load(plan);
    ledger.commit(events);
  }
  const fs::path old = sweep.ledger(), aside = name_aside(old);
  if (fs::exists(old)) {
    std::error_code error;
    fs::create_hard_link(old, aside, error);
    if (error) fs::copy_file(old, aside, error);  // a file system without links
    if (error)
      throw InputError("cannot keep " + old.string() + " as " + aside.string() + ": " + error.message());
    std::cout << "the old ledger is now " << aside.string() << "\n";
  }
  // The old log belongs to the old ledger: SQLite would take it for the new one's.
  for (const char* suffix : {"-wal", "-shm"})
    if (fs::exists(old.string() + suffix)) rename_or_say(old.string() + suffix, aside.string() + suffix);
  pending.commit();
}

void tell(const SweepState& state) {
  const auto done = [&](JobKind kind) {
    const Tally& tally = state.jobs().tally(kind);
    return std::to_string(tally[JobState::kDone]) + " of " + std::to_string(tally.all());
  };
  std::cout << "the ledger has " << done(JobKind::kPredict) << " predict jobs and " << done(JobKind::kExplain)
            << " explain jobs done, " << state.selected() << " images selected\n";
}

void make_anew(const SweepDirectory& sweep, const Plan& plan, SweepCheck& check) {
  for (const std::string& problem : check.ledger_problems) std::cout << printable(problem) << "\n";
  const Rebuilt rebuilt = rebuild_from_sound(plan, check.stored);
  move_damaged_results(check);
  replace_ledger(sweep, plan, rebuilt.events);
  tell(rebuilt.state);
  if (rebuilt.unused > 0)
    std::cout << counted(rebuilt.unused, "stored result")
              << " not used: predictions are lost, or more than needed\n";
}

void amend(const SweepDirectory& sweep, const Plan& plan, const SweepCheck& check) {
  const std::vector<Event> events = amendments(*check.state, check.lost, check.unknown, check.stored);
  std::optional<Ledger> ledger;
  open_ledger(ledger, sweep);
  SweepState state = ledger->load(plan);
  if (!(state == *check.state))
    throw InputError(sweep.root.string() + " has changed meanwhile: run the same command again");
  ledger->commit(events);
  for (const Event& event : events) state.apply(event);
  std::cout << "the ledger is sound; lost, to be computed again: " << counted(check.lost.size(), "result")
            << "; taken in: " << counted(check.unknown.size(), "result") << "\n";
  tell(state);
}

void mend_results(const SweepDirectory& sweep, LockedSweep& held) {
  move_damaged_results(held.check);
  held.ledger.reset();  // its lock
  amend(sweep, held.found.plan, held.check);
}

ExitCode goes_on(const SweepDirectory& sweep) {
  write_status_at_rest(sweep, false);
  std::cout << "`wcam run --sweep " << sweep.root.string() << "` does what is left\n";
  return ExitCode::kDone;
}

}  // namespace

ExitCode retry_damaged(const SweepDirectory& sweep) {
  LockedSweep held = lock_and_check(sweep);
  if (!held.found.problem.empty() || !held.check.ledger_problems.empty())
    throw InputError((held.found.problem.empty() ? held.check.ledger_problems.front() : held.found.problem) +
                     ": `wcam repair " + sweep.root.string() + "` mends that first");
  if (held.sound()) {
    std::cout << sweep.root.string() << " is sound: no result is damaged\n";
    return ExitCode::kDone;
  }
  mend_results(sweep, held);
  return goes_on(sweep);
}

ExitCode repair_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam repair SWEEP";
  line.about =
      "Mends a sweep that `wcam verify` finds damaged. Damaged files of results are moved aside and their\n"
      "results computed again; a ledger that is damaged or gone is made anew from plan.json and the "
      "segments;\n"
      "a plan.json that is gone or another sweep's is written again from the ledger or results.h5.\n"
      "Nothing is deleted. Not while the sweep runs.";
  line.example = "wcam repair study";
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory sweep = sweep_of(*values);
  LockedSweep held = lock_and_check(sweep);
  auto& [found, ledger, check] = held;
  if (held.sound() && check.unknown.empty()) {
    std::cout << sweep.root.string() << " is sound: nothing to repair\n";
    return ExitCode::kDone;
  }
  if (!found.problem.empty()) restore_plan(sweep, found);
  if (check.ledger_problems.empty()) {
    mend_results(sweep, held);
  } else {
    make_anew(sweep, found.plan, check);
  }
  return goes_on(sweep);
}

}  // namespace wcam
