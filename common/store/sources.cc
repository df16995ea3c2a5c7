#include "common/store/sources.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/format_version.h"
#include "common/store/store_file.h"

namespace fs = std::filesystem;

namespace wcam::store {

namespace {

// A name that begins with a dot is a file that is not whole yet, or never will be.
std::vector<fs::path> list_segments(const fs::path& folder) {
  std::vector<fs::path> segments;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return segments;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && name.ends_with(".h5")) segments.push_back(entry->path());
  }
  if (error) throw InputError("cannot list " + folder.string() + ": " + error.message());
  std::sort(segments.begin(), segments.end());
  return segments;
}

}  // namespace

std::vector<fs::path> segment_files(const SweepDirectory& sweep) { return list_segments(sweep.segments()); }

Sources sources_of(const SweepDirectory& sweep) {
  // Segments before results.h5: one that a pack() merges in between is then in both, and counts once. The
  // other way round nothing could be missed either, but its row would be read from the segment.
  Sources sources{list_segments(sweep.segments()), fs::exists(sweep.results())};
  if (!sources.packed) return sources;
  std::vector<std::string> merged = StoreReader(sweep.results()).merged_segments();
  std::sort(merged.begin(), merged.end());
  std::erase_if(sources.files, [&](const fs::path& segment) {
    return std::binary_search(merged.begin(), merged.end(), segment.filename().string());
  });
  sources.files.insert(sources.files.begin(), sweep.results());
  return sources;
}

std::vector<LeftOut> leave_out_unsound(Sources& sources, const std::function<void(std::size_t)>& look) {
  std::vector<LeftOut> left_out;
  for (std::size_t i = sources.packed ? 1 : 0; i < sources.files.size();) try {
      look(i);
      ++i;
    } catch (const NewerFormat&) {
      throw;
    } catch (const InputError& e) {
      left_out.push_back({sources.files[i], e.what()});
      sources.files.erase(sources.files.begin() + static_cast<std::ptrdiff_t>(i));
    }
  return left_out;
}

}  // namespace wcam::store
