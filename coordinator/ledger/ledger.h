// What a sweep has done, durable in SWEEP/ledger.sqlite. The schema, with what may be asked of it, is in
// ledger.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/ledger/sqlite.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

// One owner thread; one process at a time: the file stays locked while this object lives. Errors are
// InputError with file, reason and remedy (a full disk, a damaged file, another process).
class Ledger {
 public:
  // Opens or creates the file and locks it. Throws InputError when another coordinator holds it, or when
  // another version of this program wrote it.
  explicit Ledger(const std::filesystem::path& file);

  // The sweep's state as recorded; of a new ledger, the state of a sweep that has done nothing, after writing
  // down plan, images, cases and variants. Throws InputError when the ledger belongs to another plan.
  SweepState load(const Plan& plan);

  // Everything in `events` is durable when this returns, or nothing is and it throws: NoRoomError when the
  // same may succeed later. Call load() before.
  void commit(std::span<const Event> events);

  // What the sweep had done before it was extended, which jobs that are added later take up
  // (SchedulerOptions::inherited): written down once, after load(); and what of it no job has taken up yet.
  void inherit(std::span<const JobDone> results);
  std::unordered_map<JobId, JobDone> inherited();

  // A coordinator begins to serve the sweep, or has ended in order, which is left unsaid where there is no
  // room; for people who want to do it again. Call load() before.
  void begin_run(const std::string& host, const std::string& version, const std::string& command);
  void end_run();

  // Throws NoRoomError when a commit would.
  void check_room();

  // The database underneath, for reading what is committed.
  Database& database() { return database_; }

  // Whom this attempt of the job was handed to; nullopt when there is no such attempt.
  std::optional<WorkerId> holder(JobId job, Attempt attempt);

 private:
  void record_plan(const SweepState& state);
  void read_numbers();
  std::uint32_t number_of(JobId job) const { return numbers_.at(job); }

  void record(const WorkerJoined& event);
  void record(const ImageDecided& event);
  void record(const ImageRetried& event);
  void record(const WorkerDrained& event);
  void record(const CourseChanged& event);
  void record(const CaseCancelled& event);
  void record(const CaseRetried& event);
  void record(const JobEvent& event);
  void record_job(const JobAdded& event);
  void record_job(const JobHandedOut& event);
  void record_job(const JobAdopted& event);
  void record_job(const JobReturned& event);
  void record_job(const JobDone& event);
  void record_job(const JobSetAside& event);
  void record_job(const JobCancelled& event);
  void record_job(const JobRetried& event);
  void record_job(const JobUndone& event);
  void end_job(JobId job, JobState state, const std::string& text);
  Statement& statement(const char* sql);
  template <typename... Values>
  void change_one(const char* sql, const Values&... values);

  Database database_;
  std::vector<std::uint64_t> keys_;                   // of the images, ascending: their ids in the ledger
  std::unordered_map<JobId, std::uint32_t> numbers_;  // of the jobs that are recorded: the keys of their rows
  std::map<const char*, Statement> prepared_;         // by the literal's address
};

}  // namespace wcam
