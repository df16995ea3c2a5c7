#include "coordinator/repair/check_sweep.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/format_version.h"
#include "common/store/store_file.h"
#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/ledger/row_rules.h"
#include "coordinator/ledger/schema.h"
#include "coordinator/sweep/open_sweep.h"

namespace wcam {

namespace {

// Enough to see what kind of damage it is.
constexpr const char* kIntegrity = "PRAGMA integrity_check(10)";

class Check {
 public:
  Check(const SweepDirectory& sweep, const Plan& plan, std::optional<Database>& ledger)
      : sweep_(sweep), plan_(plan), ledger_(ledger) {}

  SweepCheck run() {
    check_ledger();
    check_.stored = read_stored_results(sweep_, check_.state ? *check_.state : SweepState(plan_));
    if (!check_.state && check_.ledger_problems.empty() &&
        check_.stored.files.size() + check_.stored.damaged.size() > 0)
      problem(sweep_.ledger().string() + (ledger_ ? " is empty" : " is gone"));
    if (check_.state) compare();
    if (!check_.ledger_problems.empty()) check_.state.reset();
    discard_unpredicted(check_.stored, check_.state ? *check_.state : SweepState(plan_));
    if (check_.state) find_lost_and_unknown();
    check_what_was_before();
    return std::move(check_);
  }

 private:
  // What the ledger has as done.
  struct Recorded {
    const Job& job;
    Attempt attempt;
    std::string segment, labels;
    double seconds;
  };

  void problem(const std::string& what) { check_.ledger_problems.push_back(what); }

  void check_ledger() try {
    if (!ledger_) {
      if (std::filesystem::exists(sweep_.ledger())) problem(sweep_.ledger().string() + " is no database");
      return;
    }
    check_pages();
    if (!check_.ledger_problems.empty() || schema_of(*ledger_) == 0) return;
    check_schema(*ledger_);
    check_.state = read_ledger(*ledger_, plan_);
    check_meaning();
    if (!check_.ledger_problems.empty()) check_.state.reset();
  } catch (const NewerFormat&) {
    throw;
  } catch (const InputError& e) {
    problem(e.what());
    check_.state.reset();
  }

  void check_what_was_before() {
    const auto look = [&](const std::filesystem::path& file, const auto& check) {
      if (!std::filesystem::exists(file)) return;
      try {
        check(file);
      } catch (const NewerFormat&) {
        throw;
      } catch (const InputError& e) {
        check_.damaged_before.push_back({file, e.what()});
      }
    };
    for (const EarlierPlan& earlier : plan_.earlier) {
      const std::filesystem::path folder = sweep_.earlier(earlier.sweep_id);
      look(folder / sweep_.plan().filename(), [&](const std::filesystem::path& file) {
        if (sweep_id(plan_from_json_text(read_file(file), file.string())) != earlier.sweep_id)
          throw InputError(file.string() + " is not the plan that the sweep had, " +
                           earlier.sweep_id.substr(0, 12));
      });
      look(folder / sweep_.results().filename(), [&](const std::filesystem::path& path) {
        store::StoreReader file(path);
        store::check_sound(file, {earlier.sweep_id, plan_.wcam.grid, plan_.wcam.levels}, plan_.sweep_ids());
      });
    }
  }

  void check_pages() {
    Statement rows = ledger_->prepare(kIntegrity);
    rows.query();
    while (rows.next()) {
      std::string found = rows.text(0);
      std::replace(found.begin(), found.end(), '\n', ' ');
      if (found != "ok") problem(sweep_.ledger().string() + ": " + found);
    }
    Statement references = ledger_->prepare("PRAGMA foreign_key_check");
    references.query();
    while (references.next())
      problem(sweep_.ledger().string() + ": a row of " + references.text(0) + " refers to one of " +
              references.text(2) + " that is not there");
  }

  void check_meaning() {
    const SweepState& state = *check_.state;
    if (const auto what = state.problem()) problem(sweep_.ledger().string() + ": " + *what);
    for (const std::string& what : impossible_rows(*ledger_)) problem(what);
    if (!has_own_view(*ledger_))
      problem(sweep_.ledger().string() + " holds another view job_list than it should");
    for (const auto& [id, job] : state.jobs().all())
      if (id != state.job_id(job.spec))
        return problem(sweep_.ledger().string() + ": job " + to_string(id) + " stands for " +
                       state.name_of(job.spec) + ", which is " + to_string(state.job_id(job.spec)));
  }

  // Ledger against store. Predictions and times in a file have a checksum, those in the ledger have none: if
  // they differ the ledger is damaged. Any other file that says otherwise than the ledger is: ids of jobs are
  // hashes of what they are, so a wrong row cannot pass for another's.
  void compare() {
    const std::set<std::string> gone = merged_and_gone();
    for_each_recorded([&](const Recorded& recorded) {
      const Job& job = recorded.job;
      const StoredResult* result = find(recorded);
      if (result == nullptr) {
        result = packed(job.id);
        if (result == nullptr) return;
        if (!gone.contains(recorded.segment) && !is_damaged(recorded.segment))
          problem(sweep_.ledger().string() + ": " + recorded.segment + " as what has '" +
                  check_.state->name_of(job.spec) + "', which it has not, nor was results.h5 made from it");
      }
      compare(recorded, *result);
    });
  }

  void compare(const Recorded& recorded, const StoredResult& result) {
    const Job& job = recorded.job;
    const std::string name = check_.state->name_of(job.spec);
    const auto differs = [&](const std::string& what) {
      problem(sweep_.ledger().string() + ": " + what + " of '" + name + "' that are not those in " +
              check_.stored.files[result.file].string());
    };
    if (job.spec.kind == JobKind::kExplain && !answers(result, job))
      return check_.stored.discard(result.file, "says otherwise than the ledger of " + name);
    if (result.attempt != recorded.attempt) return;
    if (job.spec.kind == JobKind::kPredict && result.labels != labels_of(job, recorded.labels))
      differs("labels");
    if (std::isfinite(result.seconds) && result.seconds != recorded.seconds) differs("seconds");
  }

  // Files whose results only results.h5 has; itself too, which a repair may name.
  std::set<std::string> merged_and_gone() const {
    std::set<std::string> names(check_.stored.merged.begin(), check_.stored.merged.end());
    for (const std::filesystem::path& file : check_.stored.files) names.erase(file.filename());
    names.insert(sweep_.results().filename());
    return names;
  }

  bool is_damaged(const std::string& segment) const {
    return std::any_of(check_.stored.damaged.begin(), check_.stored.damaged.end(),
                       [&](const DamagedFile& damaged) { return damaged.file.filename() == segment; });
  }

  void find_lost_and_unknown() {
    for_each_recorded([&](const Recorded& recorded) {
      if (packed(recorded.job.id) == nullptr && find(recorded) == nullptr)
        check_.lost.push_back({recorded.job.id, recorded.segment});
    });
    for (const auto& [id, stored] : check_.stored.in_segments) {
      const Job* job = check_.state->jobs().find(id);
      if (job != nullptr && !job->finished() && answers(*check_.stored.chosen(id), *job))
        check_.unknown.push_back(id);
    }
  }

  template <typename Act>
  void for_each_recorded(const Act& act) {
    Statement rows = ledger_->prepare(
        "SELECT jobs.id, attempt, segment, labels, seconds FROM jobs JOIN attempts ON attempts.job = "
        "jobs.number AND outcome = 'done' LEFT JOIN predictions ON predictions.job = jobs.number WHERE state "
        "= 'done' ORDER BY jobs.number");
    rows.query();
    while (rows.next()) {
      const Job& job = check_.state->jobs().at(JobId{static_cast<std::uint64_t>(rows.integer(0))});
      act(Recorded{job, Attempt{static_cast<std::uint32_t>(rows.integer(1))}, rows.text(2), rows.text(3),
                   rows.real(4)});
    }
  }

  Labels labels_of(const Job& job, const std::string& column) const {
    return job.spec.kind == JobKind::kPredict ? recorded_labels(*ledger_, column, job.spec, *check_.state)
                                              : Labels{};
  }

  const StoredResult* packed(JobId job) const {
    if (!check_.stored.packed) return nullptr;
    const auto found = check_.stored.packed->find(job);
    return found == check_.stored.packed->end() ? nullptr : &found->second.front();
  }

  const StoredResult* find(const Recorded& recorded) const {
    const auto found = check_.stored.in_segments.find(recorded.job.id);
    if (found == check_.stored.in_segments.end()) return nullptr;
    for (const StoredResult& result : found->second)
      if (result.attempt == recorded.attempt && check_.stored.name_of(result) == recorded.segment)
        return &result;
    return nullptr;
  }

  const SweepDirectory& sweep_;
  const Plan& plan_;
  std::optional<Database>& ledger_;
  SweepCheck check_;
};

std::optional<Database> lock_ledger(const SweepDirectory& sweep) try {
  if (!std::filesystem::exists(sweep.ledger())) return std::nullopt;
  Database ledger(sweep.ledger(), Database::Access::kReadOnly);
  ledger.execute("BEGIN");
  ledger.query_integer("SELECT count(*) FROM sqlite_master");
  return ledger;
} catch (const BusyError& busy) {
  refuse_in_use(sweep, busy);
} catch (const DamageError&) {
  return std::nullopt;
}

}  // namespace

LockedSweep lock_and_check(const SweepDirectory& sweep) {
  std::optional<Database> ledger = lock_ledger(sweep);
  FoundPlan found = find_plan(sweep, ledger);
  check(found.plan);
  SweepCheck check = Check(sweep, found.plan, ledger).run();
  return {std::move(found), std::move(ledger), std::move(check)};
}

}  // namespace wcam
