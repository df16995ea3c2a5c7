#include "coordinator/ledger/schema.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "common/base/format_version.h"

namespace wcam {

namespace {

// Documented in ledger.md: change both, and kSchemaVersion, and say below how a ledger gets there. For an IN
// of more than two texts SQLite fills a temporary tree every time a row is written: in what is written for
// every job, alternatives are spelt out.
constexpr std::string_view kSchema = R"sql(
CREATE TABLE plan (
  sweep_id TEXT PRIMARY KEY,
  json     TEXT NOT NULL,
  created  TEXT NOT NULL,
  course   TEXT NOT NULL DEFAULT 'on' CHECK (course IN ('on', 'paused', 'cancelled'))
) WITHOUT ROWID;
CREATE TABLE images (
  id      INTEGER PRIMARY KEY,
  path    TEXT NOT NULL UNIQUE,
  sha256  TEXT NOT NULL,
  state   TEXT NOT NULL DEFAULT 'undecided' CHECK (state IN ('undecided', 'selected', 'skipped', 'set_aside')),
  rank    INTEGER UNIQUE,
  text    TEXT NOT NULL DEFAULT '',
  decided TEXT,
  retries INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE cases (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE,
  sha256 TEXT NOT NULL,
  cancelled INTEGER NOT NULL DEFAULT 0
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
  joined TEXT NOT NULL,
  drained TEXT,
  provenance TEXT NOT NULL DEFAULT ''
);
CREATE TABLE jobs (
  number     INTEGER PRIMARY KEY,
  id         INTEGER NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('predict', 'explain')),
  image      INTEGER NOT NULL REFERENCES images,
  case_id    INTEGER NOT NULL REFERENCES cases,
  variant    INTEGER REFERENCES variants,
  role       TEXT CHECK (role = 'source' OR role = 'altered' OR role = 'unaffected'),
  role_index INTEGER,
  label      INTEGER,
  explained  TEXT,
  replicate  INTEGER NOT NULL DEFAULT 0,
  control_of INTEGER REFERENCES variants,
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (
               state = 'waiting' OR state = 'leased' OR state = 'done' OR state = 'set_aside' OR state = 'cancelled'),
  attempts   INTEGER NOT NULL DEFAULT 0,
  failures   INTEGER NOT NULL DEFAULT 0,
  losses     INTEGER NOT NULL DEFAULT 0,
  text       TEXT NOT NULL DEFAULT '',
  retries    INTEGER NOT NULL DEFAULT 0,
  CHECK ((kind = 'explain') = (variant IS NOT NULL AND role IS NOT NULL AND role_index IS NOT NULL AND label IS NOT NULL AND explained IS NOT NULL))
);
CREATE TABLE attempts (
  job        INTEGER NOT NULL REFERENCES jobs,
  attempt    INTEGER NOT NULL,
  worker     INTEGER NOT NULL REFERENCES workers,
  handed_out TEXT NOT NULL,
  ended      TEXT,
  outcome    TEXT CHECK (
               outcome = 'done' OR outcome = 'failed' OR outcome = 'lost' OR outcome = 'given_back' OR
               outcome = 'not_received' OR outcome = 'restart' OR outcome = 'superseded' OR outcome = 'destroyed'),
  segment    TEXT,
  seconds    REAL,
  text       TEXT,
  PRIMARY KEY (job, attempt)
) WITHOUT ROWID;
CREATE TABLE runs (
  began   TEXT NOT NULL,
  ended   TEXT,
  host    TEXT NOT NULL,
  version TEXT NOT NULL,
  command TEXT NOT NULL
);
CREATE TABLE inherited (
  id      INTEGER PRIMARY KEY,
  attempt INTEGER NOT NULL,
  worker  INTEGER NOT NULL REFERENCES workers,
  segment TEXT NOT NULL,
  seconds REAL NOT NULL,
  labels  TEXT
);
CREATE TABLE predictions (
  job    INTEGER PRIMARY KEY REFERENCES jobs,
  labels TEXT NOT NULL
);
)sql";

// As SQLite keeps it, which takes a statement without the semicolon.
constexpr const char* kView = R"sql(CREATE VIEW job_list AS
  SELECT jobs.id AS job, jobs.number, kind, images.path AS image, images.rank, cases.name AS case_name, variants.name AS variant,
         role, role_index, label, explained, replicate, of.name AS control_of, jobs.state, attempts, failures, losses, jobs.retries,
         (SELECT group_concat(workers.name, ' ') FROM attempts AS a JOIN workers ON workers.id = a.worker
          WHERE a.job = jobs.number AND a.outcome IS NULL) AS workers,
         jobs.text
  FROM jobs JOIN images ON images.id = jobs.image JOIN cases ON cases.id = jobs.case_id
  LEFT JOIN variants ON variants.id = jobs.variant LEFT JOIN variants AS of ON of.id = jobs.control_of)sql";

constexpr const char* kFrom3 = "ALTER TABLE workers ADD COLUMN provenance TEXT NOT NULL DEFAULT ''";

// What every WCAM explained before there were other labels (published_labels() in common/store/records.h).
#define PUBLISHED_LABELS                                                                       \
  "CASE role WHEN 'source' THEN 'predicted,source' WHEN 'unaffected' THEN 'predicted,source' " \
  "WHEN 'altered' THEN 'predicted' END"
constexpr const char* kFrom4 =
    "ALTER TABLE jobs ADD COLUMN explained TEXT; "
    "ALTER TABLE jobs ADD COLUMN replicate INTEGER NOT NULL DEFAULT 0; "
    "ALTER TABLE jobs ADD COLUMN control_of INTEGER REFERENCES variants; "
    "UPDATE jobs SET explained = " PUBLISHED_LABELS
    "; "
    "CREATE TABLE inherited (id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, worker INTEGER NOT NULL "
    "REFERENCES "
    "workers, segment TEXT NOT NULL, seconds REAL NOT NULL, labels TEXT); "
    "CREATE TABLE runs (began TEXT NOT NULL, ended TEXT, host TEXT NOT NULL, version TEXT NOT NULL, command "
    "TEXT "
    "NOT NULL); "
    "DROP VIEW job_list;";

// What stands in the parentheses that open at `from`, on one line.
std::string in_parentheses(std::string_view text, std::size_t from) {
  std::size_t end = from + 1;
  for (int depth = 1; depth > 0; ++end) depth += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
  std::string inside(text.substr(from + 1, end - from - 2));
  std::replace(inside.begin(), inside.end(), '\n', ' ');
  const auto second_space = [](char a, char b) { return a == ' ' && b == ' '; };
  inside.erase(std::unique(inside.begin(), inside.end(), second_space), inside.end());
  return inside;
}

// "runs.command TEXT, not null": SQLite takes a schema as its text stands, a damaged name too.
std::set<std::string> columns_of(Database& ledger) {
  Statement rows = ledger.prepare(
      "SELECT tables.name || '.' || of_table.name || ' ' || type || iif(\"notnull\", ', not null', '') || "
      "iif(pk, ', key ' || pk, '') || coalesce(', default ' || dflt_value, '') FROM (SELECT name FROM "
      "sqlite_master WHERE type = 'table') AS tables, pragma_table_info(tables.name) AS of_table");
  rows.query();
  std::set<std::string> columns;
  while (rows.next()) columns.insert(rows.text(0));
  return columns;
}

std::set<std::string> columns_of_this_version() {
  Database memory(":memory:", Database::Access::kReadWriteCreate);
  memory.execute(std::string(kSchema));
  return columns_of(memory);
}

}  // namespace

std::int64_t schema_of(Database& ledger) { return ledger.query_integer("PRAGMA user_version"); }

void check_schema(Database& ledger) {
  check_format_version(ledger.file().string(), "schema", schema_of(ledger), kOldestSchema, kSchemaVersion);
  const bool has_design =
      ledger.query_integer("SELECT count(*) FROM pragma_table_info('jobs') WHERE name = 'explained'") > 0;
  if (has_design != (schema_of(ledger) >= 5))
    throw DamageError(ledger.file(),
                      "schema " + std::to_string(schema_of(ledger)) + " and a table jobs of another version");
  if (schema_of(ledger) < kSchemaVersion) return;
  static const std::set<std::string> expected = columns_of_this_version();
  const std::set<std::string> found = columns_of(ledger);
  std::vector<std::string> unlike;
  std::set_symmetric_difference(found.begin(), found.end(), expected.begin(), expected.end(),
                                std::back_inserter(unlike));
  if (!unlike.empty())
    throw DamageError(ledger.file(), std::string(found.contains(unlike.front()) ? "a" : "no") + " column " +
                                         unlike.front() + ", unlike schema " +
                                         std::to_string(kSchemaVersion));
}

std::vector<RowCheck> row_checks() {
  constexpr std::string_view kTable = "CREATE TABLE ", kCheck = "CHECK (";
  std::vector<RowCheck> checks;
  for (std::size_t at = kSchema.find(kTable); at != kSchema.npos;) {
    const std::size_t name = at + kTable.size(), next = kSchema.find(kTable, name);
    const std::string table(kSchema.substr(name, kSchema.find(' ', name) - name));
    for (at = kSchema.find(kCheck, name); at < next && at != kSchema.npos; at = kSchema.find(kCheck, at + 1))
      checks.push_back({table, in_parentheses(kSchema, at + kCheck.size() - 1)});
    at = next;
  }
  return checks;
}

bool has_own_view(Database& ledger) {
  if (schema_of(ledger) < kSchemaVersion) return true;
  Statement rows = ledger.prepare("SELECT sql FROM sqlite_master WHERE name = 'job_list'");
  rows.query();
  return rows.next() && rows.text(0) == kView;
}

std::string provenance_column(Database& ledger) {
  return schema_of(ledger) < 4 ? "''" : "workers.provenance";
}

std::string design_columns(Database& ledger) {
  return schema_of(ledger) < 5 ? PUBLISHED_LABELS " AS explained, 0 AS replicate, NULL AS control_of"
                               : "explained, replicate, control_of";
}

void make_schema(Database& ledger) {
  if (schema_of(ledger) != 0) return check_schema(ledger);
  ledger.execute(std::string(kSchema));
  ledger.execute(kView);
  ledger.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
}

void bring_schema_up_to_date(Database& ledger) {
  const std::int64_t is = schema_of(ledger);
  if (is == kSchemaVersion) return;
  if (is < 4) ledger.execute(kFrom3);
  ledger.execute(kFrom4);
  ledger.execute(kView);
  ledger.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
}

}  // namespace wcam
