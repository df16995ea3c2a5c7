// What the ledger holds of jobs, read for people and scripts (schema: ledger.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "coordinator/sqlite.h"

namespace wcam {

// A row of the ledger's job_list.
struct JobReport {
  JobId job{};
  std::string kind, image, variant, case_name, role, state;  // variant, role: of explain jobs, else empty
  std::optional<std::int64_t> rank, role_index, label;       // of explain jobs; rank: of a selected image
  std::int64_t attempts = 0, failures = 0, losses = 0, retries = 0;
  std::string text;  // why set aside or cancelled; else the latest attempt's, if it did not succeed
};

struct AttemptReport {
  std::int64_t attempt = 0;
  std::string worker, host, device;
  std::int64_t pid = 0;
  std::string handed_out, ended, outcome, segment;  // empty: not yet, or none
  std::optional<double> seconds;
  std::string text;
};

struct JobFilter {
  std::string state, kind, case_name;  // empty: all
  std::size_t limit = 0;               // 0: no limit
};

// By kind, then in the order in which they are handed out. `matching`: how many there are without the limit.
std::vector<JobReport> list_jobs(Database& ledger, const JobFilter& filter, std::size_t& matching);

// The jobs with ids from `first` to `last`, two at most.
std::vector<JobId> find_jobs(Database& ledger, JobId first, JobId last);

JobReport read_job(Database& ledger, JobId job);
// In the order of their numbers.
std::vector<AttemptReport> read_attempts(Database& ledger, JobId job);

// A table with a heading; an array of objects whose keys are the members above.
std::string to_text(const std::vector<JobReport>& jobs);
std::string to_json_text(const std::vector<JobReport>& jobs);
// Some lines, one an attempt at the end; an object with `attempts_made`, an array.
std::string to_text(const JobReport& job, const std::vector<AttemptReport>& attempts);
std::string to_json_text(const JobReport& job, const std::vector<AttemptReport>& attempts);

}  // namespace wcam
