// Merging a sweep's segments into one file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

namespace wcam {

struct PackReport {
  std::size_t segments = 0;    // merged by this call
  std::size_t duplicates = 0;  // results found more than once, and left out, by this call
  std::size_t profiles = 0, predictions = 0, images = 0;  // rows that results.h5 now has
  std::size_t doubtful = 0;                               // of the profiles: those with doubts
  std::map<std::string, std::size_t> doubts;              // how many have each (common/study/wcam_doubts.h)
};

// Merges results.h5 and the segments it does not hold yet into a new results.h5, every job once (format.md),
// and replaces the old one atomically: killed at any moment, the old or the new file is there. Rows keep
// their places, new ones follow. Nothing new: nothing is written. Segments stay where they are. Streams in
// blocks: memory is about 64 MiB, and 16 bytes a job. Needs room for the old and the new file. One pack a
// sweep at a time, where the file system has locks. Throws InputError: no plan, a damaged or foreign segment,
// another pack at work, disk full.
PackReport pack(const std::filesystem::path& sweep);

}  // namespace wcam
