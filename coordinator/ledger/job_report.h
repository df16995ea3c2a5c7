// What the ledger holds of jobs, read for people and scripts (schema: ledger.md; what is told: wire.proto).
#pragma once

#include <wire.pb.h>

#include <string>
#include <vector>

#include "common/base/ids.h"
#include "coordinator/ledger/sqlite.h"

namespace wcam {

// The jobs that the request describes; a limit of 0 means all, the state "failed" means set_aside. Throws
// UsageError for a state, kind or case that there is none of.
wire::JobList list_jobs(Database& ledger, const wire::ListJobs& request);

// The jobs with ids from `first` to `last`, two at most.
std::vector<JobId> find_jobs(Database& ledger, JobId first, JobId last);

// One job with its attempts. Throws InputError when there is no such job.
wire::JobStory job_story(Database& ledger, JobId job);

// The list as a table with a heading; as a JSON array of objects whose keys are JobReport's fields.
std::string to_text(const wire::JobList& jobs);
std::string to_json_text(const wire::JobList& jobs);
// The story as some lines, at the end one an attempt; as a JSON object, its attempts in `attempts_made`.
std::string to_text(const wire::JobStory& story);
std::string to_json_text(const wire::JobStory& story);

}  // namespace wcam
