#include "coordinator/ledger.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/error.h"

namespace wcam {

namespace {

constexpr int kSchemaVersion = 1;

// Documented in ledger.md: change both, and kSchemaVersion.
constexpr const char* kSchema = R"sql(
CREATE TABLE plan (
  sweep_id TEXT PRIMARY KEY,
  json     TEXT NOT NULL,
  created  TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE images (
  id      INTEGER PRIMARY KEY,
  path    TEXT NOT NULL UNIQUE,
  sha256  TEXT NOT NULL,
  state   TEXT NOT NULL DEFAULT 'undecided' CHECK (state IN ('undecided', 'selected', 'skipped', 'set_aside')),
  rank    INTEGER UNIQUE,
  text    TEXT NOT NULL DEFAULT '',
  decided TEXT
);
CREATE TABLE cases (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE,
  sha256 TEXT NOT NULL
);
CREATE TABLE variants (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE workers (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE,
  host   TEXT NOT NULL,
  device TEXT NOT NULL,
  pid    INTEGER NOT NULL,
  joined TEXT NOT NULL
);
CREATE TABLE jobs (
  id         INTEGER PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('predict', 'explain')),
  image      INTEGER NOT NULL REFERENCES images,
  case_id    INTEGER NOT NULL REFERENCES cases,
  variant    INTEGER REFERENCES variants,
  role       TEXT CHECK (role IN ('source', 'altered', 'unaffected')),
  role_index INTEGER,
  label      INTEGER,
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'leased', 'done', 'set_aside', 'cancelled')),
  attempts   INTEGER NOT NULL DEFAULT 0,
  failures   INTEGER NOT NULL DEFAULT 0,
  losses     INTEGER NOT NULL DEFAULT 0,
  worker     INTEGER REFERENCES workers,
  text       TEXT NOT NULL DEFAULT '',
  CHECK ((state = 'leased') = (worker IS NOT NULL)),
  CHECK ((kind = 'explain') = (variant IS NOT NULL AND role IS NOT NULL AND role_index IS NOT NULL AND label IS NOT NULL))
);
CREATE TABLE attempts (
  job        INTEGER NOT NULL REFERENCES jobs,
  attempt    INTEGER NOT NULL,
  worker     INTEGER NOT NULL REFERENCES workers,
  handed_out TEXT NOT NULL,
  ended      TEXT,
  outcome    TEXT CHECK (outcome IN ('done', 'failed', 'lost', 'given_back', 'not_received', 'restart', 'superseded')),
  segment    TEXT,
  seconds    REAL,
  text       TEXT,
  PRIMARY KEY (job, attempt)
) WITHOUT ROWID;
CREATE TABLE predictions (
  job    INTEGER PRIMARY KEY REFERENCES jobs,
  labels TEXT NOT NULL
);
CREATE VIEW job_list AS
  SELECT jobs.id AS job, kind, images.path AS image, images.rank, cases.name AS case_name, variants.name AS variant,
         role, role_index, label, jobs.state, attempts, failures, losses, workers.name AS worker, jobs.text
  FROM jobs JOIN images ON images.id = jobs.image JOIN cases ON cases.id = jobs.case_id
  LEFT JOIN variants ON variants.id = jobs.variant LEFT JOIN workers ON workers.id = jobs.worker;
)sql";

// Times in the ledger: UTC, ISO 8601 with milliseconds.
#define NOW "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

constexpr const char* kWorkerJoined =
    "INSERT INTO workers (id, name, host, device, pid, joined) VALUES (?, ?, ?, ?, ?, " NOW ")";
constexpr const char* kImageDecided =
    "UPDATE images SET state = ?, rank = ?, text = ?, decided = " NOW " WHERE id = ?";
constexpr const char* kJobAdded =
    "INSERT INTO jobs (id, kind, image, case_id, variant, role, role_index, label) VALUES (?, ?, ?, ?, ?, ?, "
    "?, ?)";
constexpr const char* kHandedOut = "UPDATE jobs SET state = 'leased', attempts = ?, worker = ? WHERE id = ?";
constexpr const char* kAttemptBegun =
    "INSERT INTO attempts (job, attempt, worker, handed_out) VALUES (?, ?, ?, " NOW ")";
constexpr const char* kAdopted = "UPDATE jobs SET state = 'leased', worker = ? WHERE id = ?";
constexpr const char* kAttemptGoesOn =
    "UPDATE attempts SET worker = ?, ended = NULL, outcome = NULL, text = NULL WHERE job = ? AND attempt = ?";
constexpr const char* kReturned =
    "UPDATE jobs SET state = 'waiting', worker = NULL, failures = failures + ?, losses = losses + ? WHERE id "
    "= ?";
constexpr const char* kAttemptEnded =
    "UPDATE attempts SET outcome = ?, text = ?, ended = " NOW " WHERE job = ? AND attempt = ?";
constexpr const char* kAttemptDone =
    "UPDATE attempts SET outcome = 'done', segment = ?, seconds = ?, text = NULL, ended = " NOW
    " WHERE job = ? AND attempt = ?";
constexpr const char* kOthersSuperseded =
    "UPDATE attempts SET outcome = 'superseded', ended = " NOW " WHERE job = ? AND outcome IS NULL";
constexpr const char* kPredicted = "INSERT INTO predictions (job, labels) VALUES (?, ?)";
constexpr const char* kJobEnded = "UPDATE jobs SET state = ?, worker = NULL, text = ? WHERE id = ?";
constexpr const char* kPlanRecorded = "INSERT INTO plan (sweep_id, json, created) VALUES (?, ?, " NOW ")";
constexpr const char* kImageRecorded = "INSERT INTO images (id, path, sha256) VALUES (?, ?, ?)";
constexpr const char* kCaseRecorded = "INSERT INTO cases (id, name, sha256) VALUES (?, ?, ?)";
constexpr const char* kVariantRecorded = "INSERT INTO variants (id, name) VALUES (?, ?)";
#undef NOW

template <typename State>
State parse_state(const std::string& text, State last) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(last); ++i)
    if (to_string(State(i)) == text) return State(i);
  throw InputError("the ledger holds the state '" + text + "', which this version does not know");
}

void create_or_check_schema(Database& database) {
  const std::int64_t version = database.query_integer("PRAGMA user_version");
  if (version == 0) {
    database.execute(kSchema);
    database.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  } else if (version != kSchemaVersion) {
    throw InputError(database.file().string() + " has schema " + std::to_string(version) +
                     ", this version reads " + std::to_string(kSchemaVersion) +
                     ": use the version that wrote it");
  }
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
  create_or_check_schema(database_);
  transaction.commit();
}

SweepState Ledger::load(const Plan& plan) {
  SweepState state(plan);
  draws_.clear();
  for (const DrawnImage& image : state.order()) draws_.push_back(image.draw);
  Statement recorded = database_.prepare("SELECT sweep_id FROM plan");
  recorded.query();
  const std::string sweep = recorded.next() ? recorded.text(0) : "";
  recorded.query();
  if (sweep.empty()) {
    record_plan(state);
    return state;
  }
  if (sweep != state.sweep())
    throw InputError(database_.file().string() + " belongs to sweep " + sweep +
                     ", the plan beside it is of sweep " + state.sweep() +
                     ": restore the plan that belongs to it, or move the ledger away to start over");
  load_workers(state);
  load_images(state);
  load_jobs(state);
  load_labels(state);
  return state;
}

void Ledger::record_plan(const SweepState& state) {
  const Plan& plan = state.plan();
  Transaction transaction(database_);
  change_one(kPlanRecorded, state.sweep(), to_json_text(plan));
  for (const DrawnImage& image : state.order())
    change_one(kImageRecorded, image.draw, plan.images[image.index].path, plan.images[image.index].sha256);
  for (std::uint32_t c = 0; c < plan.cases.size(); ++c)
    change_one(kCaseRecorded, c, plan.cases[c].name, plan.cases[c].sha256);
  for (std::uint32_t v = 0; v <= plan.variants.size(); ++v)
    change_one(kVariantRecorded, v, plan.variant_name(static_cast<std::uint16_t>(v)));
  transaction.commit();
}

void Ledger::load_workers(SweepState& state) {
  Statement rows = database_.prepare("SELECT name, host, device, pid FROM workers ORDER BY id");
  rows.query();
  while (rows.next()) state.restore_worker({rows.text(0), rows.text(1), rows.text(2), rows.integer(3)});
}

void Ledger::load_images(SweepState& state) {
  Statement rows = database_.prepare("SELECT id, state, rank, text FROM images WHERE state <> 'undecided'");
  rows.query();
  while (rows.next()) {
    ImageProgress progress;
    progress.state = parse_state(rows.text(1), ImageState::kSetAside);
    if (!rows.is_null(2)) progress.rank = static_cast<std::uint32_t>(rows.integer(2));
    progress.text = rows.text(3);
    state.restore_image(position_of(rows.integer(0)), std::move(progress));
  }
}

std::uint32_t Ledger::position_of(std::int64_t draw) const {
  const auto found = std::lower_bound(draws_.begin(), draws_.end(), static_cast<std::uint64_t>(draw));
  if (found == draws_.end() || *found != static_cast<std::uint64_t>(draw))
    throw InputError(database_.file().string() + " names image " + std::to_string(draw) +
                     ", which is not in the plan");
  return static_cast<std::uint32_t>(found - draws_.begin());
}

void Ledger::load_jobs(SweepState& state) {
  Statement rows = database_.prepare(
      "SELECT jobs.id, kind, image, case_id, variant, role, role_index, label, state, attempts, failures, "
      "losses, "
      "jobs.worker, jobs.text, outcome, (SELECT rank FROM images WHERE images.id = image) "
      "FROM jobs LEFT JOIN attempts ON attempts.job = jobs.id AND attempts.attempt = jobs.attempts");
  rows.query();
  while (rows.next()) {
    Job job;
    job.id = JobId{static_cast<std::uint64_t>(rows.integer(0))};
    job.spec.kind = rows.text(1) == "predict" ? JobKind::kPredict : JobKind::kExplain;
    job.spec.image = position_of(rows.integer(2));
    job.spec.case_index = static_cast<std::uint16_t>(rows.integer(3));
    if (job.spec.kind == JobKind::kExplain) {
      job.spec.variant = static_cast<std::uint16_t>(rows.integer(4));
      job.spec.role = parse_role(rows.text(5));
      job.spec.role_index = static_cast<std::uint16_t>(rows.integer(6));
      job.spec.label = rows.integer(7);
      job.spec.rank = static_cast<std::uint32_t>(rows.integer(15));
    }
    job.state = parse_state(rows.text(8), JobState::kCancelled);
    job.attempts = static_cast<std::uint32_t>(rows.integer(9));
    job.failures = static_cast<std::uint32_t>(rows.integer(10));
    job.losses = static_cast<std::uint32_t>(rows.integer(11));
    job.worker = WorkerId{static_cast<std::uint32_t>(rows.integer(12))};
    job.text = rows.text(13);
    const std::string outcome = rows.text(14);
    job.open = job.state == JobState::kLeased ||
               (job.state == JobState::kWaiting &&
                (outcome == "lost" || outcome == "not_received" || outcome == "restart"));
    state.restore_job(std::move(job));
  }
}

void Ledger::load_labels(SweepState& state) {
  Statement rows = database_.prepare(
      "SELECT predictions.job, labels FROM predictions JOIN jobs ON jobs.id = predictions.job "
      "JOIN images ON images.id = jobs.image WHERE images.state = 'undecided'");
  rows.query();
  while (rows.next()) {
    const Job& job = state.jobs().at(JobId{static_cast<std::uint64_t>(rows.integer(0))});
    state.restore_labels(job.spec, nlohmann::json::parse(rows.text(1)).get<Labels>());
  }
}

void Ledger::commit(std::span<const Event> events) {
  if (events.empty()) return;
  Transaction transaction(database_);
  for (const Event& event : events) std::visit([this](const auto& e) { record(e); }, event);
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
  change_one(kWorkerJoined, value(e.worker), e.info.name, e.info.host, e.info.device, e.info.pid);
}

void Ledger::record(const ImageDecided& e) {
  change_one(kImageDecided, to_string(e.progress.state), e.progress.rank, e.progress.text,
             draws_.at(e.image));
}

void Ledger::record(const JobEvent& event) {
  std::visit([this](const auto& e) { record_job(e); }, event);
}

void Ledger::record_job(const JobAdded& e) {
  const JobSpec& s = e.spec;
  const std::string kind = to_string(s.kind);
  const std::uint64_t image = draws_.at(s.image);
  const std::uint32_t case_id = s.case_index;
  if (s.kind == JobKind::kPredict)
    change_one(kJobAdded, value(e.job), kind, image, case_id, std::nullopt, std::nullopt, std::nullopt,
               std::nullopt);
  else
    change_one(kJobAdded, value(e.job), kind, image, case_id, std::uint32_t{s.variant}, to_string(s.role),
               std::uint32_t{s.role_index}, s.label);
}

void Ledger::record_job(const JobHandedOut& e) {
  change_one(kHandedOut, value(e.attempt), value(e.worker), value(e.job));
  change_one(kAttemptBegun, value(e.job), value(e.attempt), value(e.worker));
}

void Ledger::record_job(const JobAdopted& e) {
  change_one(kAdopted, value(e.worker), value(e.job));
  change_one(kAttemptGoesOn, value(e.worker), value(e.job), value(e.attempt));
}

void Ledger::record_job(const JobReturned& e) {
  change_one(kReturned, std::uint32_t{e.cause == Cause::kFailed}, std::uint32_t{e.cause == Cause::kLost},
             value(e.job));
  change_one(kAttemptEnded, to_string(e.cause), e.text, value(e.job), value(e.attempt));
}

void Ledger::record_job(const JobDone& e) {
  change_one(kAttemptDone, e.segment, e.seconds, value(e.job), value(e.attempt));
  end_job(e.job, JobState::kDone, "");
  if (!e.labels.empty()) change_one(kPredicted, value(e.job), nlohmann::json(e.labels).dump());
}

void Ledger::record_job(const JobSetAside& e) { end_job(e.job, JobState::kSetAside, e.text); }

void Ledger::record_job(const JobCancelled& e) { end_job(e.job, JobState::kCancelled, e.text); }

void Ledger::end_job(JobId job, JobState state, const std::string& text) {
  change_one(kJobEnded, to_string(state), text, value(job));
  statement(kOthersSuperseded).run(value(job));
}

std::optional<Counts> summarise_ledger(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  Database database(file, Database::Access::kReadOnly);
  if (database.query_integer("PRAGMA user_version") != kSchemaVersion) return std::nullopt;
  Counts summary;
  Statement jobs = database.prepare("SELECT kind, state, count(*) FROM jobs GROUP BY kind, state");
  jobs.query();
  while (jobs.next()) {
    Tally& tally = jobs.text(0) == "predict" ? summary.predict : summary.explain;
    const JobState state = parse_state(jobs.text(1), JobState::kCancelled);
    tally.in_state[static_cast<std::size_t>(state)] = static_cast<std::size_t>(jobs.integer(2));
  }
  const auto count = [&](const char* where) {
    return static_cast<std::size_t>(
        database.query_integer(std::string("SELECT count(*) FROM images") + where));
  };
  summary.images = count("");
  summary.images_decided = count(" WHERE state <> 'undecided'");
  summary.images_selected = count(" WHERE rank IS NOT NULL");
  summary.images_skipped = count(" WHERE state = 'skipped'");
  summary.images_set_aside = count(" WHERE state = 'set_aside'");
  Statement rows = database.prepare(
      "SELECT 'image ' || path || ': ' || text FROM images WHERE state = 'set_aside' UNION ALL "
      "SELECT kind || ' ' || image || ' ' || coalesce(variant || ' ', '') || case_name || ': ' || text FROM "
      "job_list "
      "WHERE state = 'set_aside' AND image NOT IN (SELECT path FROM images WHERE state = 'set_aside')");
  rows.query();
  while (rows.next()) summary.set_aside.push_back(rows.text(0));
  return summary;
}

}  // namespace wcam
