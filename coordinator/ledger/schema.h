// The tables of the ledger and their versions (ledger.md).
#pragma once

#include <cstdint>
#include <string>

#include "coordinator/ledger/sqlite.h"

namespace wcam {

// PRAGMA user_version. From kOldestSchema on a ledger is read, and brought up to date by who writes it.
inline constexpr int kSchemaVersion = 4, kOldestSchema = 3;

// 0: nothing has been written yet.
std::int64_t schema_of(Database& ledger);

// Throws InputError when a ledger is older than kOldestSchema, or newer than this program, naming what is
// needed to read it.
void check_schema(Database& ledger);

// Makes the tables of a new ledger, and of an earlier version's those of kSchemaVersion, which that version
// then refuses. In a transaction of the caller. Throws what check_schema() throws.
void bring_schema_up_to_date(Database& ledger);

// What a SELECT from workers says for WorkerInfo::provenance: ledgers of schema 3 have none.
std::string provenance_column(Database& ledger);

}  // namespace wcam
