// What the ledger holds of jobs, read for people and scripts (schema: ledger.md; what is told: wire.proto).
#pragma once

#include <wire.pb.h>

#include <string>
#include <vector>

#include "common/base/ids.h"
#include "coordinator/ledger/sqlite.h"

namespace wcam {

// limit 0: all. Throws UsageError for a state, kind or case that there is none of; "failed" is set_aside.
wire::JobList list_jobs(Database& ledger, const wire::ListJobs& request);

// The jobs with ids from `first` to `last`, two at most.
std::vector<JobId> find_jobs(Database& ledger, JobId first, JobId last);

// Throws InputError when there is no such job.
wire::JobStory job_story(Database& ledger, JobId job);

// A table with a heading; an array of objects whose keys are JobReport's fields.
std::string to_text(const wire::JobList& jobs);
std::string to_json_text(const wire::JobList& jobs);
// Some lines, one an attempt at the end; an object with `attempts_made`, an array.
std::string to_text(const wire::JobStory& story);
std::string to_json_text(const wire::JobStory& story);

}  // namespace wcam
