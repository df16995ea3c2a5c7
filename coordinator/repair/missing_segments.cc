#include "coordinator/repair/missing_segments.h"

#include <set>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/store/sources.h"
#include "common/store/store_file.h"
#include "coordinator/ledger/recorded_results.h"

namespace wcam {

void check_no_segment_is_missing(Database& ledger, const SweepDirectory& sweep) {
  std::set<std::string> there;
  for (const auto& segment : store::segment_files(sweep)) there.insert(segment.filename().string());
  std::vector<std::string> missing;
  for (const std::string& name : recorded_segments(ledger))
    if (!there.contains(name)) missing.push_back(name);
  if (!missing.empty() && std::filesystem::exists(sweep.results())) {
    const std::vector<std::string> merged = store::StoreReader(sweep.results()).merged_segments();
    const std::set<std::string> held(merged.begin(), merged.end());
    std::erase_if(missing, [&](const std::string& name) {
      return held.contains(name) || name == sweep.results().filename();
    });
  }
  if (missing.empty()) return;
  throw InputError(sweep.root.string() + " lacks " + counted(missing.size(), "file") +
                   " of results that its ledger has as done, " +
                   (sweep.segments() / missing.front()).string() + (missing.size() > 1 ? " and others" : "") +
                   ": restore from a copy, or `wcam repair " + sweep.root.string() +
                   "` puts back the jobs, to be computed again");
}

}  // namespace wcam
