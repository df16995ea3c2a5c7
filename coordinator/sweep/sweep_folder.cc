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
  if (holds_something(sweep.ledger()) || holds_something(sweep.ledger().string() + "-wal")) {
    if (std::filesystem::exists(sweep.plan())) return;
    throw InputError(sweep.root.string() + " has a ledger, but its " + sweep.plan().filename().string() +
                     " is gone: " + repair + "restores it from the ledger");
  }
  const std::size_t segments = store::segment_files(sweep).size();
  if (segments > 0)
    throw InputError(sweep.root.string() + " holds " + counted(segments, "segment") + " of results, but " +
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
