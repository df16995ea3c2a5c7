#include "coordinator/sweep/sweep_folder.h"

#include <string>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/store/sources.h"

namespace wcam {

void check_not_lost(const SweepDirectory& sweep) {
  const auto holds_something = [](const std::filesystem::path& file) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(file, missing);
    return !missing && size > 0;
  };
  const std::string repair = "`wcam repair " + sweep.root.string() + "` ";
  // All of a young ledger may be in its log.
  const bool has_ledger =
      holds_something(sweep.ledger()) || holds_something(sweep.ledger().string() + "-wal");
  const bool has_results = std::filesystem::exists(sweep.results());
  if ((has_ledger || has_results) && !std::filesystem::exists(sweep.plan()))
    throw InputError(sweep.root.string() + " has " + (has_ledger ? "a ledger" : "results.h5") + ", but its " +
                     sweep.plan().filename().string() + " is gone: " + repair +
                     "restores it from a copy there");
  if (has_ledger) return;
  const std::size_t segments = store::segment_files(sweep).size();
  if (segments > 0 || has_results)
    throw InputError(sweep.root.string() + " holds " +
                     (segments > 0 ? counted(segments, "segment") + " of results" : "results.h5") + ", but " +
                     sweep.ledger().filename().string() + " is gone or empty: " + repair +
                     "makes it anew from them");
}

void check_is_sweep(const SweepDirectory& sweep) {
  if (std::filesystem::exists(sweep.plan())) return;
  check_not_lost(sweep);
  throw InputError(sweep.root.string() + " is no sweep: it has no " + sweep.plan().filename().string());
}

std::optional<Plan> stored_plan(const SweepDirectory& sweep) {
  if (!std::filesystem::exists(sweep.plan())) return std::nullopt;
  return plan_from_json_text(read_file(sweep.plan()), sweep.plan().string());
}

Plan plan_of(const SweepDirectory& sweep) {
  check_is_sweep(sweep);
  return *stored_plan(sweep);
}

}  // namespace wcam
