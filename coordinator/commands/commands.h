// The verbs of wcam-coordinator (common/command_line/verb_table.h). Each takes the words after the verb, says
// what it has to say on stdout and returns the exit code; throws UsageError for options that cannot be used
// or name what is not there, InputError for a folder that is no sweep.
#pragma once

#include "common/base/error.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/verbs.h"

namespace wcam {

// Makes or resumes a sweep and serves its jobs.
ExitCode run_command(const Arguments& arguments);

// `wcam doctor`, what concerns files and being found: folder, HDF5, ledger and its lock, clock, host name.
ExitCode coordinator_doctor_command(const Arguments& arguments);

// What `run` with the same options would do, without doing it: prints a forecast
// (coordinator/commands/forecast.h) and leaves nothing behind. Measures with as many `wcam-worker measure` at
// once as there will be workers. Throws what `run` throws for the same options; kInterrupted on SIGINT or
// SIGTERM.
ExitCode plan_command(const Arguments& arguments);

ExitCode status_command(const Arguments& arguments);

// The jobs of a sweep, listed; one job, and every attempt at it. The coordinator that runs the sweep is
// asked; at rest the ledger is read. Also throws what carry_out() throws
// (coordinator/operate/operator_client.h).
ExitCode jobs_command(const Arguments& arguments);
ExitCode show_command(const Arguments& arguments);

// What an operator asks, while the sweep runs and at rest (coordinator/operate/operator_client.h).
ExitCode pause_command(const Arguments& arguments);
ExitCode resume_command(const Arguments& arguments);
ExitCode drain_command(const Arguments& arguments);
ExitCode cancel_command(const Arguments& arguments);
ExitCode retry_command(const Arguments& arguments);

// Moves damaged files of results aside and has what is lost computed again, of a sweep that no coordinator
// has and whose ledger is sound: `retry --damaged`, and what `repair` does then. Throws InputError otherwise.
ExitCode retry_damaged(const SweepDirectory& sweep);

// Whether ledger and results are sound: kBadInput when something is damaged, each thing on a line with the
// remedy. Changes nothing. InputError when a coordinator has the sweep.
ExitCode verify_command(const Arguments& arguments);

// Mends the ledger from what is stored, or makes it anew; needs plan.json and the segments alone. Nothing is
// deleted: what is damaged is moved aside. InputError when a coordinator has the sweep.
ExitCode repair_command(const Arguments& arguments);

// The keys of a sweep, for people who run workers on other hosts.
ExitCode keys_command(const Arguments& arguments);

// Merges the segments into results.h5, every job once, while the sweep runs or after.
ExitCode pack_command(const Arguments& arguments);

}  // namespace wcam
