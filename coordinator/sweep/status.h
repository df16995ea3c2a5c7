// How far a sweep is, as people and scripts are told: SWEEP/status.json, `wcam status` and the progress line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/sweep_directory.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

struct ConnectedWorker {
  WorkerInfo info;
  std::size_t in_hand = 0;  // jobs
};

struct Status {
  std::string sweep;  // id
  // "starting" (images are being hashed), "running", "stopping", "finished", "interrupted"; "not begun"
  // without a ledger; "ended" when the coordinator was killed or its machine failed.
  std::string state;
  bool running = false;  // a coordinator is alive
  std::string host;      // of the coordinator that runs or ran last
  std::int64_t pid = 0;
  std::string endpoint;
  bool insecure = false;     // --insecure: anybody may operate it
  std::string http;          // address of the page (web.h); empty without one
  std::int64_t updated = 0;  // Unix time, seconds
  std::size_t workers = 0, sample = 0;
  double jobs_per_minute = 0;
  std::vector<ConnectedWorker> connected;
  std::uint64_t turned_away = 0;      // ZapAuthenticator::turned_away()
  std::vector<std::string> trouble;   // a line a worker that is of little use: which and why
  std::optional<double> eta_seconds;  // of the jobs known so far; absent when nothing is known
  Counts counts;

  std::size_t done() const { return counts.predict[JobState::kDone] + counts.explain[JobState::kDone]; }
  // Jobs known so far, without the cancelled: explain jobs are known once their image is selected.
  std::size_t total() const;
  bool is_anything_left() const;  // of them; not what is set aside
};

// Seconds since 1970, for Status::updated.
std::int64_t unix_now();

// The JSON of `wcam status --json`, and of SWEEP/status.json. Its keys are Status's members.
std::string to_json_text(const Status& status);
// Reads that JSON. Throws InputError when it is none; `origin` names the text in errors.
Status status_from_json_text(const std::string& text, const std::string& origin);

// What is known of a sweep, from its status file while a coordinator runs and from the ledger after. Throws
// InputError when the folder is not a sweep.
Status read_status(const std::filesystem::path& sweep);

// What a sweep's coordinator wrote last; nullopt: none has run. Throws InputError when it cannot be read.
std::optional<Status> last_status(const std::filesystem::path& sweep);

// Whether the coordinator that wrote this status is there and goes on writing.
bool is_alive(const Status& status);

// "there is no word from coordinator 4711 on node3 (tcp://...) for 42 s: ...", of one that has not ended.
std::string silence(const Status& status);

// The status of a sweep whose coordinator is alive, else nullopt. Throws InputError when the status cannot be
// read.
std::optional<Status> running_status(const std::filesystem::path& sweep);

// Writes the status file after a command that changed a sweep without a coordinator.
void write_status_at_rest(const SweepDirectory& sweep, bool finished);

// The status of a sweep that this process begins to resume: the last one there is, but "starting".
Status starting_status(const std::filesystem::path& sweep);

// "42/130 jobs, image 5 of 17, 12.1 jobs/min, ETA 7 min, 2 workers, 0 set aside"; without speed and workers
// when no coordinator is running; then what was cancelled, and "paused".
std::string progress_line(const Status& status);

// A line that says so when results come from processors or libraries that are not all the same, else empty.
// provenances: what is known of each, with how many `things` ("worker", "row") have results of it.
std::string unlike_processors(const std::map<std::string, std::size_t>& provenances,
                              const std::string& thing);

// Why the sample stays smaller than asked, in one line; empty as long as it may still fill, and when it has.
std::string shortfall(const Status& status);

// progress_line and what else a person wants to know, some lines.
std::string describe(const Status& status);

}  // namespace wcam
