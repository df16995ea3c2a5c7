#include "coordinator/sweep/open_sweep.h"

#include <chrono>
#include <thread>

#include "common/base/error.h"
#include "coordinator/ledger/schema.h"
#include "coordinator/sweep/status.h"
#include "coordinator/sweep/sweep_folder.h"

namespace wcam {

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
  std::optional<Status> status = last_status(sweep.root);
  // It may be replaced just now (last_status()).
  for (int patience = 10; !status && patience > 0; --patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    status = last_status(sweep.root);
  }
  if (!status) throw busy;
  if (status->running && !is_alive(*status))
    throw InputError(sweep.root.string() + " is in use, and " + silence(*status));
  throw InputError(sweep.root.string() + " is in use by coordinator " + std::to_string(status->pid) + " on " +
                   status->host + (status->endpoint.empty() ? "" : " (" + status->endpoint + ")") +
                   ": let it finish, or stop it first; `wcam status` says how far it is");
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
