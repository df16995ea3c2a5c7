#include "coordinator/ledger/recorded_results.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/ledger/schema.h"

namespace wcam {

namespace {

// Of what an extended sweep inherited, what waits for its job.
std::vector<JobDone> not_taken_up(Database& ledger) {
  std::vector<JobDone> results = inherited_results(ledger);
  if (results.empty()) return results;
  std::unordered_set<JobId> added;
  Statement rows = ledger.prepare("SELECT id FROM jobs");
  rows.query();
  while (rows.next()) added.insert(JobId{static_cast<std::uint64_t>(rows.integer(0))});
  std::erase_if(results, [&](const JobDone& done) { return added.contains(done.job); });
  return results;
}

std::string recorded_runs(Database& ledger) {
  nlohmann::json runs = nlohmann::json::array();
  if (schema_of(ledger) < 5) return runs.dump();
  Statement rows = ledger.prepare("SELECT began, ended, host, version, command FROM runs ORDER BY rowid");
  rows.query();
  while (rows.next())
    runs.push_back({{"began", rows.text(0)},
                    {"ended", rows.is_null(1) ? nlohmann::json() : nlohmann::json(rows.text(1))},
                    {"host", rows.text(2)},
                    {"version", rows.text(3)},
                    {"command", rows.text(4)}});
  return runs.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

RecordedResults recorded_results(Database& ledger) {
  RecordedResults recorded;
  recorded.runs = recorded_runs(ledger);
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
  for (const JobDone& done : not_taken_up(ledger)) {
    const auto segment = std::lower_bound(recorded.segments.begin(), recorded.segments.end(), done.segment);
    recorded.results.push_back(
        {done.job, done.attempt, static_cast<std::uint32_t>(segment - recorded.segments.begin())});
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
  for (const JobDone& done : not_taken_up(ledger)) names.push_back(done.segment);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace wcam
