#include "coordinator/ledger/recorded_results.h"

#include <algorithm>

namespace wcam {

RecordedResults recorded_results(Database& ledger) {
  RecordedResults recorded;
  recorded.segments = recorded_segments(ledger);
  Statement rows = ledger.prepare(
      "SELECT id, attempt, segment FROM attempts JOIN jobs ON number = job WHERE outcome = 'done' AND state "
      "= "
      "'done'");
  rows.query();
  while (rows.next()) {
    const auto segment = std::lower_bound(recorded.segments.begin(), recorded.segments.end(), rows.text(2));
    recorded.results.push_back({JobId{static_cast<std::uint64_t>(rows.integer(0))},
                                Attempt{static_cast<std::uint32_t>(rows.integer(1))},
                                static_cast<std::uint32_t>(segment - recorded.segments.begin())});
  }
  std::sort(recorded.results.begin(), recorded.results.end(),
            [](const auto& a, const auto& b) { return a.job < b.job; });
  return recorded;
}

std::vector<std::string> recorded_segments(Database& ledger) {
  Statement rows = ledger.prepare("SELECT DISTINCT segment FROM attempts WHERE outcome = 'done'");
  rows.query();
  std::vector<std::string> names;
  while (rows.next()) names.push_back(rows.text(0));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace wcam
