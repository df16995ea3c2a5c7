// What a ledger has as done, for who looks whether it is stored.
#pragma once

#include <string>
#include <vector>

#include "common/store/pack.h"
#include "coordinator/ledger/sqlite.h"

namespace wcam {

// 16 bytes a job.
RecordedResults recorded_results(Database& ledger);

// Names of the segments that hold it (results.h5 among them, if a repair found a result only there).
std::vector<std::string> recorded_segments(Database& ledger);

}  // namespace wcam
