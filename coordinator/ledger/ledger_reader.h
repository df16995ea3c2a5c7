// Reading a ledger, whoever has opened it (schema: ledger.md).
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "coordinator/ledger/sqlite.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

// The sweep's state as recorded. Throws InputError when the ledger belongs to another plan, and DamageError
// when a row says what cannot be: it has been damaged, since nothing of the kind is ever written.
SweepState read_ledger(Database& ledger, const Plan& plan);

// What column `labels` holds of a job. Throws DamageError naming the job unless it is as many labels as the
// plan has pictures.
Labels recorded_labels(const Database& ledger, const std::string& column, const JobSpec& spec,
                       const SweepState& state);

// What an extended sweep had done before (Ledger::inherit()), whether a job has taken it up or not.
std::vector<JobDone> inherited_results(Database& ledger);
// All that a sweep has done, what it inherited included.
std::vector<JobDone> done_results(Database& ledger);

// The plan that the ledger began with, with the places of that time; nullopt: it cannot be read.
std::optional<Plan> recorded_plan(Database& ledger);

// How far a sweep is that no coordinator has open, for `status`. nullopt when there is no ledger yet.
std::optional<Counts> summarise_ledger(const std::filesystem::path& file);

}  // namespace wcam
