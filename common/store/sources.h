// The files that a sweep's results are in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/base/sweep_directory.h"
#include "common/store/answer_choice.h"

namespace wcam::store {

// All segments, by name. Throws InputError when the folder cannot be listed; none when there is no folder.
std::vector<std::filesystem::path> segment_files(const SweepDirectory& sweep);

struct Sources {
  // results.h5 first, when it is there; then the segments it was not made from, by name.
  std::vector<std::filesystem::path> files;
  bool packed = false;  // files[0] is results.h5
};

// Throws InputError when the folder of segments cannot be listed or results.h5 not be read. Segments are not
// opened.
Sources sources_of(const SweepDirectory& sweep);

// A segment that is not read, and why.
struct LeftOut {
  std::filesystem::path segment;
  std::string why;
};

// Calls look(i) for every segment files[i], in order, and drops those for which it throws InputError before
// the next is looked at: one that is damaged or of another sweep must not stop the others. What look() notes
// of a segment it must note when nothing can throw any more. NewerFormat passes.
std::vector<LeftOut> leave_out_unsound(Sources& sources, const std::function<void(std::size_t)>& look);

// Occurrence::source of a file of Sources.
inline std::uint32_t number_of(std::size_t file, bool packed) {
  return static_cast<std::uint32_t>(file) + (packed ? kResults : kFirstSegment);
}

}  // namespace wcam::store
