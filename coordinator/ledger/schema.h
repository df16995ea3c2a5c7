// The tables of the ledger and their versions (ledger.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/ledger/sqlite.h"

namespace wcam {

// PRAGMA user_version. From kOldestSchema on a ledger is read, and brought up to date by who writes it.
inline constexpr int kSchemaVersion = 5, kOldestSchema = 3;

// 0: nothing has been written yet.
std::int64_t schema_of(Database& ledger);

// Throws InputError when a ledger is older than kOldestSchema, NewerFormat when it is newer than this
// program, naming what is needed to read it; DamageError when its tables are of another version than it says.
void check_schema(Database& ledger);

// Makes the tables of a new ledger; of one that is there it does what check_schema() does.
void make_schema(Database& ledger);

// Makes an earlier version's ledger one of kSchemaVersion, which that version then refuses, in a transaction
// of the caller. Does nothing to one that is up to date.
void bring_schema_up_to_date(Database& ledger);

// The CHECKs of its tables, as they are written there: what holds of every row of a table.
struct RowCheck {
  std::string table, holds;
};
std::vector<RowCheck> row_checks();

// Whether view job_list asks what it should.
bool has_own_view(Database& ledger);

// What a SELECT from jobs or job_list says for explained, replicate and control_of: ledgers before schema 5
// have none.
std::string design_columns(Database& ledger);

// What a SELECT from workers says for WorkerInfo::provenance: ledgers of schema 3 have none.
std::string provenance_column(Database& ledger);

}  // namespace wcam
