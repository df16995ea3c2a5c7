#include "coordinator/sweep/open_sweep.h"

#include "common/base/error.h"
#include "common/base/joined.h"
#include "common/store/sources.h"
#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/sweep/status.h"
#include "coordinator/sweep/sweep_plan.h"

namespace wcam {

void check_not_lost(const SweepDirectory& sweep) {
  const auto holds_something = [](const std::filesystem::path& file) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(file, missing);
    return !missing && size > 0;
  };
  const std::string repair = "`wcam repair " + sweep.root.string() + "` ";
  // All of a young ledger may be in its log.
  if (holds_something(sweep.ledger()) || holds_something(sweep.ledger().string() + "-wal")) {
    if (std::filesystem::exists(sweep.plan())) return;
    throw InputError(sweep.root.string() + " has a ledger, but its " + sweep.plan().filename().string() +
                     " is gone: " + repair + "restores it from the ledger");
  }
  const std::size_t segments = store::segment_files(sweep).size();
  if (segments > 0)
    throw InputError(sweep.root.string() + " holds " + counted(segments, "segment") + " of results, but " +
                     sweep.ledger().filename().string() + " is gone or empty: " + repair +
                     "makes it anew from them");
}

namespace {

void check_begun(const SweepDirectory& sweep) {
  check_not_lost(sweep);
  if (!std::filesystem::exists(sweep.ledger()))
    throw InputError(sweep.root.string() + " has not begun: `wcam run --sweep " + sweep.root.string() +
                     "` begins it");
}

}  // namespace

void refuse_in_use(const SweepDirectory& sweep, const BusyError& busy) {
  if (!std::filesystem::exists(sweep.plan())) throw busy;
  const std::optional<Status> status = last_status(sweep.root);
  if (!status) throw busy;
  if (status->running && !is_alive(*status))
    throw InputError(sweep.root.string() + " is in use, and " + silence(*status));
  throw InputError(sweep.root.string() + " is in use by coordinator " + std::to_string(status->pid) + " on " +
                   status->host + (status->endpoint.empty() ? "" : " (" + status->endpoint + ")") +
                   ": let it finish, or stop it first; `wcam status` says how far it is");
}

void check_is_sweep(const SweepDirectory& sweep) {
  if (std::filesystem::exists(sweep.plan())) return;
  check_not_lost(sweep);
  throw InputError(sweep.root.string() + " is no sweep: it has no " + sweep.plan().filename().string());
}

Plan plan_of(const SweepDirectory& sweep) {
  check_is_sweep(sweep);
  return *stored_plan(sweep);
}

void open_ledger(std::optional<Ledger>& ledger, const SweepDirectory& sweep) try {
  check_not_lost(sweep);
  ledger.emplace(sweep.ledger());
} catch (const BusyError& busy) {
  refuse_in_use(sweep, busy);
}

void open_begun_ledger(std::optional<Ledger>& ledger, const SweepDirectory& sweep) {
  check_begun(sweep);
  open_ledger(ledger, sweep);
}

Database open_ledger_to_read(const SweepDirectory& sweep) try {
  check_begun(sweep);
  Database ledger(sweep.ledger(), Database::Access::kReadOnly);
  check_schema(ledger);
  return ledger;
} catch (const BusyError& busy) {
  refuse_in_use(sweep, busy);
}

}  // namespace wcam
