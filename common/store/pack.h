// Merging a sweep's segments into one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/store/sources.h"

namespace wcam {

// What a sweep's ledger has as done.
struct RecordedResults {
  struct Result {
    JobId job{};
    Attempt attempt{};
    std::uint32_t segment = 0;  // into segments
  };
  std::vector<std::string> segments;  // names, ascending
  std::vector<Result> results;        // ascending by job
  std::string runs;                   // what has served the sweep (format.md, /runs), JSON; empty: not known
};

struct PackReport {
  std::size_t segments = 0;    // merged by this call
  std::size_t duplicates = 0;  // results found more than once, and left out, by this call
  std::size_t profiles = 0, predictions = 0, images = 0;  // rows that results.h5 now has
  std::size_t doubtful = 0;                               // of the profiles: those with doubts
  std::map<std::string, std::size_t> doubts;              // how many have each (common/study/wcam_doubts.h)
  std::vector<std::string> passed_over;                   // segments that the ledger has nothing of as done
  std::vector<store::LeftOut> left_out;                   // damaged, or of another sweep
  std::size_t spoilt = 0;                                 // results that the ledger has as done, in these
};

// Merges results.h5 and the segments it does not hold yet into a new results.h5, every job once (format.md),
// and replaces the old one atomically: killed at any moment, the old or the new file is there. Rows keep
// their places, new ones follow. Nothing new: nothing is written. Segments stay where they are. Streams in
// blocks: memory is about 64 MiB, 32 bytes a job and 100 a WCAM. Needs room for the old and the new file. One
// pack a sweep at a time, where the file system has locks. A segment that is damaged or of another sweep is
// left out, and looked at again the next time. Throws InputError: no plan, a damaged results.h5, a WCAM of
// another class than is predicted, another pack at work, disk full.
//
// WCAMs of what an extended sweep was when they had fewer design points are not taken over.
//
// With what the ledger has as done, that alone is merged, all of it must be there but what is in segments
// left out, and no segment is opened that it does not name: whoever has a worker's key can store one.
// Without, the lowest attempt counts.
PackReport pack(const std::filesystem::path& sweep,
                const std::optional<RecordedResults>& recorded = std::nullopt);

}  // namespace wcam
