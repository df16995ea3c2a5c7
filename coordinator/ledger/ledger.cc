#include "coordinator/ledger/ledger.h"

#include <nlohmann/json.hpp>

#include "common/base/error.h"
#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/ledger/schema.h"

namespace wcam {

namespace {

// Times in the ledger: UTC, ISO 8601 with milliseconds.
#define NOW "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

constexpr const char* kWorkerJoined =
    "INSERT INTO workers (id, name, host, device, pid, provenance, joined) VALUES (?, ?, ?, ?, ?, ?, " NOW
    ")";
constexpr const char* kImageDecided =
    "UPDATE images SET state = ?, rank = ?, text = ?, decided = " NOW " WHERE id = ?";
constexpr const char* kImageRetried =
    "UPDATE images SET state = CASE WHEN rank IS NULL THEN 'undecided' ELSE 'selected' END, text = '', "
    "decided = " NOW ", retries = retries + 1 WHERE id = ?";
constexpr const char* kWorkerDrained = "UPDATE workers SET drained = " NOW " WHERE id = ?";
constexpr const char* kCourseChanged = "UPDATE plan SET course = ?";
constexpr const char* kRoomTried = "UPDATE plan SET course = course";
constexpr const char* kCaseCancelled = "UPDATE cases SET cancelled = ? WHERE id = ?";
constexpr const char* kJobAdded =
    "INSERT INTO jobs (number, id, kind, image, case_id, variant, role, role_index, label, explained, "
    "replicate, control_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kHolder = "SELECT worker FROM attempts WHERE job = ? AND attempt = ?";
constexpr const char* kHandedOut = "UPDATE jobs SET state = 'leased', attempts = ? WHERE number = ?";
constexpr const char* kAttemptBegun =
    "INSERT INTO attempts (job, attempt, worker, handed_out) VALUES (?, ?, ?, " NOW ")";
constexpr const char* kAdopted = "UPDATE jobs SET state = 'leased' WHERE number = ?";
constexpr const char* kAttemptGoesOn =
    "UPDATE attempts SET worker = ?, ended = NULL, outcome = NULL, text = NULL WHERE job = ? AND attempt = ?";
constexpr const char* kReturned =
    "UPDATE jobs SET state = CASE WHEN EXISTS (SELECT 1 FROM attempts WHERE job = jobs.number AND outcome IS "
    "NULL) "
    "THEN 'leased' ELSE 'waiting' END, failures = failures + ?, losses = losses + ? WHERE number = ?";
constexpr const char* kAttemptEnded =
    "UPDATE attempts SET outcome = ?, text = ?, ended = " NOW " WHERE job = ? AND attempt = ?";
constexpr const char* kAttemptDone =
    "UPDATE attempts SET outcome = 'done', segment = ?, seconds = ?, text = NULL, ended = " NOW
    " WHERE job = ? AND attempt = ?";
constexpr const char* kOthersSuperseded =
    "UPDATE attempts SET outcome = 'superseded', ended = " NOW " WHERE job = ? AND outcome IS NULL";
constexpr const char* kPredicted = "INSERT INTO predictions (job, labels) VALUES (?, ?)";
constexpr const char* kJobEnded = "UPDATE jobs SET state = ?, text = ? WHERE number = ?";
constexpr const char* kJobRetried =
    "UPDATE jobs SET state = 'waiting', failures = 0, losses = 0, retries = retries + 1, text = '' WHERE "
    "number = ?";
constexpr const char* kUndone = "UPDATE jobs SET state = 'waiting' WHERE number = ?";
constexpr const char* kResultDestroyed =
    "UPDATE attempts SET outcome = 'destroyed', text = ? WHERE job = ? AND outcome = 'done'";
constexpr const char* kNotPredicted = "DELETE FROM predictions WHERE job = ?";
constexpr const char* kPlanRecorded = "INSERT INTO plan (sweep_id, json, created) VALUES (?, ?, " NOW ")";
constexpr const char* kImageRecorded = "INSERT INTO images (id, path, sha256) VALUES (?, ?, ?)";
constexpr const char* kCaseRecorded = "INSERT INTO cases (id, name, sha256) VALUES (?, ?, ?)";
constexpr const char* kInherited =
    "INSERT INTO inherited (id, attempt, worker, segment, seconds, labels) VALUES (?, ?, ?, ?, ?, ?)";
constexpr const char* kVariantRecorded = "INSERT INTO variants (id, name) VALUES (?, ?)";
constexpr const char* kRunBegun =
    "INSERT INTO runs (began, host, version, command) VALUES (" NOW ", ?, ?, ?)";
constexpr const char* kRunEnded =
    "UPDATE runs SET ended = " NOW " WHERE rowid = (SELECT max(rowid) FROM runs)";
#undef NOW

// A variant; the source, which is nobody's control and begins every first predict job, is left out.
std::optional<std::uint32_t> or_null(std::uint16_t variant) {
  return variant == 0 ? std::nullopt : std::optional<std::uint32_t>(variant);
}

class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
  ~Transaction() {
    if (committed_) return;
    try {
      database_.execute("ROLLBACK");
    } catch (const InputError&) {  // SQLite has rolled back by itself: a full disk
    }
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() {
    database_.execute("COMMIT");
    committed_ = true;
  }

 private:
  Database& database_;
  bool committed_ = false;
};

}  // namespace

// Exclusive locking: the lock is taken by the first transaction and kept until the file is closed, also by
// the end of the process; and no shared memory is needed, which network file systems do not have.
Ledger::Ledger(const std::filesystem::path& file) : database_(file, Database::Access::kReadWriteCreate) {
  database_.execute("PRAGMA locking_mode = EXCLUSIVE");
  database_.execute("PRAGMA journal_mode = WAL");
  database_.execute("PRAGMA synchronous = FULL");
  database_.execute("PRAGMA foreign_keys = ON");
  Transaction transaction(database_);
  make_schema(database_);
  transaction.commit();
}

SweepState Ledger::load(const Plan& plan) {
  const bool is_new = database_.query_integer("SELECT count(*) FROM plan") == 0;
  SweepState state = is_new ? SweepState(plan) : read_ledger(database_, plan);
  // Not before it is known to be this plan's: a command that is refused leaves the ledger to the earlier
  // version.
  Transaction transaction(database_);
  bring_schema_up_to_date(database_);
  transaction.commit();
  if (is_new) record_plan(state);
  keys_.clear();
  for (const KeyedImage& image : state.order()) keys_.push_back(image.key);
  read_numbers();
  return state;
}

void Ledger::read_numbers() {
  numbers_.clear();
  Statement rows = database_.prepare("SELECT number, id FROM jobs");
  rows.query();
  while (rows.next())
    numbers_.emplace(JobId{static_cast<std::uint64_t>(rows.integer(1))},
                     static_cast<std::uint32_t>(rows.integer(0)));
}

void Ledger::record_plan(const SweepState& state) {
  const Plan& plan = state.plan();
  Transaction transaction(database_);
  change_one(kPlanRecorded, state.sweep(), to_json_text(plan));
  for (const KeyedImage& image : state.order())
    change_one(kImageRecorded, image.key, plan.images[image.index].path, plan.images[image.index].sha256);
  for (std::uint32_t c = 0; c < plan.cases.size(); ++c)
    change_one(kCaseRecorded, c, plan.cases[c].name, plan.cases[c].sha256);
  for (std::uint32_t v = 0; v <= plan.variants.size(); ++v)
    change_one(kVariantRecorded, v, plan.variant_name(static_cast<std::uint16_t>(v)));
  transaction.commit();
}

void Ledger::commit(std::span<const Event> events) {
  if (events.empty()) return;
  Transaction transaction(database_);
  for (const Event& event : events) std::visit([this](const auto& e) { record(e); }, event);
  transaction.commit();
}

void Ledger::inherit(std::span<const JobDone> results) {
  Transaction transaction(database_);
  for (const JobDone& done : results)
    change_one(kInherited, value(done.job), value(done.attempt), value(done.worker), done.segment,
               done.seconds,
               done.labels.empty() ? std::nullopt : std::optional(nlohmann::json(done.labels).dump()));
  transaction.commit();
}

std::unordered_map<JobId, JobDone> Ledger::inherited() {
  std::unordered_map<JobId, JobDone> results;
  for (JobDone& done : inherited_results(database_))
    if (!numbers_.contains(done.job)) results.emplace(done.job, std::move(done));
  return results;
}

void Ledger::begin_run(const std::string& host, const std::string& version, const std::string& command) {
  Transaction transaction(database_);
  change_one(kRunBegun, host, version, command);
  transaction.commit();
}

void Ledger::end_run() try {
  Transaction transaction(database_);
  change_one(kRunEnded);
  transaction.commit();
} catch (const InputError&) {  // a full disk: nothing rests on it
}

void Ledger::check_room() {
  Transaction transaction(database_);
  change_one(kRoomTried);
  transaction.commit();
}

Statement& Ledger::statement(const char* sql) {
  const auto found = prepared_.find(sql);
  if (found != prepared_.end()) return found->second;
  return prepared_.emplace(sql, database_.prepare(sql)).first->second;
}

template <typename... Values>
void Ledger::change_one(const char* sql, const Values&... values) {
  statement(sql).run(values...);
  if (database_.changes() != 1)
    invariant_broken("the ledger changed " + std::to_string(database_.changes()) + " rows, not 1: " + sql);
}

void Ledger::record(const WorkerJoined& e) {
  change_one(kWorkerJoined, value(e.worker), e.info.name, e.info.host, e.info.device, e.info.pid,
             e.info.provenance);
}

void Ledger::record(const ImageDecided& e) {
  change_one(kImageDecided, to_string(e.progress.state), e.progress.rank, e.progress.text, keys_.at(e.image));
}

void Ledger::record(const ImageRetried& e) { change_one(kImageRetried, keys_.at(e.image)); }

void Ledger::record(const WorkerDrained& e) { change_one(kWorkerDrained, value(e.worker)); }

void Ledger::record(const CourseChanged& e) { change_one(kCourseChanged, to_string(e.course)); }

void Ledger::record(const CaseCancelled& e) {
  change_one(kCaseCancelled, std::uint32_t{1}, std::uint32_t{e.case_index});
}

void Ledger::record(const CaseRetried& e) {
  change_one(kCaseCancelled, std::uint32_t{0}, std::uint32_t{e.case_index});
}

void Ledger::record(const JobEvent& event) {
  std::visit([this](const auto& e) { record_job(e); }, event);
}

void Ledger::record_job(const JobAdded& e) {
  const JobSpec& s = e.spec;
  // The number it already has when a commit that failed is tried again.
  const auto number = numbers_.try_emplace(e.job, static_cast<std::uint32_t>(numbers_.size())).first->second;
  const std::string kind = to_string(s.kind);
  const std::uint64_t image = keys_.at(s.image);
  const std::uint32_t case_id = s.case_index;
  const std::uint32_t replicate = s.replicate;
  if (s.kind == JobKind::kPredict)
    return change_one(kJobAdded, number, value(e.job), kind, image, case_id, or_null(s.variant), std::nullopt,
                      std::nullopt, std::nullopt, std::nullopt, replicate, std::nullopt);
  change_one(kJobAdded, number, value(e.job), kind, image, case_id, std::uint32_t{s.variant},
             to_string(s.role), std::uint32_t{s.role_index}, s.label, to_string(s.explained), replicate,
             or_null(s.control_of));
}

void Ledger::record_job(const JobHandedOut& e) {
  change_one(kHandedOut, value(e.attempt), number_of(e.job));
  change_one(kAttemptBegun, number_of(e.job), value(e.attempt), value(e.worker));
}

void Ledger::record_job(const JobAdopted& e) {
  change_one(kAdopted, number_of(e.job));
  change_one(kAttemptGoesOn, value(e.worker), number_of(e.job), value(e.attempt));
}

void Ledger::record_job(const JobReturned& e) {
  change_one(kAttemptEnded, to_string(e.cause), e.text, number_of(e.job), value(e.attempt));
  change_one(kReturned, std::uint32_t{e.cause == Cause::kFailed}, std::uint32_t{e.cause == Cause::kLost},
             number_of(e.job));
}

void Ledger::record_job(const JobDone& e) {
  change_one(kAttemptDone, e.segment, e.seconds, number_of(e.job), value(e.attempt));
  end_job(e.job, JobState::kDone, "");
  if (!e.labels.empty()) change_one(kPredicted, number_of(e.job), nlohmann::json(e.labels).dump());
}

void Ledger::record_job(const JobSetAside& e) { end_job(e.job, JobState::kSetAside, e.text); }

void Ledger::record_job(const JobCancelled& e) { end_job(e.job, JobState::kCancelled, e.text); }

void Ledger::record_job(const JobRetried& e) { change_one(kJobRetried, number_of(e.job)); }

void Ledger::record_job(const JobUndone& e) {
  change_one(kUndone, number_of(e.job));
  change_one(kResultDestroyed, e.text, number_of(e.job));
  statement(kNotPredicted).run(number_of(e.job));
}

void Ledger::end_job(JobId job, JobState state, const std::string& text) {
  change_one(kJobEnded, to_string(state), text, number_of(job));
  statement(kOthersSuperseded).run(number_of(job));
}

std::optional<WorkerId> Ledger::holder(JobId job, Attempt attempt) {
  Statement& rows = statement(kHolder);
  rows.query(number_of(job), value(attempt));
  std::optional<WorkerId> holder;
  while (rows.next()) holder = WorkerId{static_cast<std::uint32_t>(rows.integer(0))};
  return holder;
}

}  // namespace wcam
