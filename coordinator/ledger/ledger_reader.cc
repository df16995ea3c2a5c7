#include "coordinator/ledger/ledger_reader.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "coordinator/ledger/row_rules.h"
#include "coordinator/ledger/schema.h"
#include "coordinator/queue/decision_check.h"

namespace wcam {

namespace {

// Which of the words up to `last` the text is. That it is one check_rows() has seen, but for a NULL.
template <typename Word>
Word word(const Database& ledger, const std::string& text, Word last) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(last); ++i)
    if (to_string(Word(i)) == text) return Word(i);
  throw DamageError(ledger.file(), "'" + text + "', which is no word like '" + to_string(last) + "'");
}

class Reader {
 public:
  Reader(Database& ledger, const Plan& plan) : ledger_(ledger), state_(plan) {}

  SweepState read() {
    check_rows(ledger_);
    check_plan();
    check_names("cases", state_.plan().cases.size(), "name, sha256", [&](std::size_t c) {
      return std::pair(state_.plan().cases[c].name, state_.plan().cases[c].sha256);
    });
    check_names("variants", state_.plan().variants.size() + 1, "name, ''", [&](std::size_t v) {
      return std::pair(state_.plan().variant_name(static_cast<std::uint16_t>(v)), std::string());
    });
    read_course();
    read_workers();
    read_images();
    read_jobs();
    check_done();
    read_labels();
    return std::move(state_);
  }

 private:
  [[noreturn]] void damaged(const std::string& what) const { throw DamageError(ledger_.file(), what); }

  // A column that numbers something of which there are `count`.
  template <typename Number>
  Number number(const Statement& rows, int column, std::size_t count, const char* what) const {
    const std::int64_t value = rows.integer(column);
    if (value < 0 || static_cast<std::uint64_t>(value) >= count)
      damaged(std::string(what) + " " + std::to_string(value) + " of " + std::to_string(count));
    return static_cast<Number>(value);
  }
  std::uint32_t count(const Statement& rows, int column, const char* what) const {
    return number<std::uint32_t>(rows, column, std::size_t{1} << 32U, what);
  }

  // Ids of images are their keys.
  std::uint32_t position_of(std::int64_t id) const {
    const auto& order = state_.order();
    const auto found =
        std::lower_bound(order.begin(), order.end(), static_cast<std::uint64_t>(id),
                         [](const KeyedImage& image, std::uint64_t key) { return image.key < key; });
    if (found == order.end() || found->key != static_cast<std::uint64_t>(id))
      damaged("image " + std::to_string(id) + ", which is not in the plan");
    return static_cast<std::uint32_t>(found - order.begin());
  }

  void check_plan() {
    Statement rows = ledger_.prepare("SELECT sweep_id FROM plan");
    rows.query();
    const std::string sweep = rows.next() ? rows.text(0) : "";
    if (sweep.empty()) damaged("no plan");
    if (sweep != state_.sweep())
      throw InputError(ledger_.file().string() + " belongs to sweep " + sweep +
                       ", the plan beside it is of sweep " + state_.sweep() + ": `wcam repair " +
                       ledger_.file().parent_path().string() + "` restores the plan that belongs to it");
    if (!recorded_plan(ledger_)) damaged("a copy of the plan that is not the one of its sweep");
  }

  // A table of what the plan numbers from 0.
  template <typename Expected>
  void check_names(const std::string& table, std::size_t count, const std::string& columns,
                   const Expected& expected) const {
    Statement rows = ledger_.prepare("SELECT id, " + columns + " FROM " + table + " ORDER BY id");
    rows.query();
    std::size_t next = 0;
    for (; rows.next(); ++next)
      if (next == count || rows.integer(0) != static_cast<std::int64_t>(next) ||
          std::pair(rows.text(1), rows.text(2)) != expected(next))
        damaged("row " + std::to_string(rows.integer(0)) + " of " + table + ", '" + rows.text(1) + "' " +
                rows.text(2) + ", which is not the plan's");
    if (next != count) damaged(std::to_string(next) + " " + table + " of " + std::to_string(count));
  }

  void read_course() {
    Statement plan = ledger_.prepare("SELECT course FROM plan");
    plan.query();
    while (plan.next()) state_.restore_course(word(ledger_, plan.text(0), Course::kCancelled));
    Statement cases = ledger_.prepare("SELECT id FROM cases WHERE cancelled <> 0");
    cases.query();
    while (cases.next())
      state_.restore_case_cancelled(number<std::uint16_t>(cases, 0, state_.plan().cases.size(), "case"));
  }

  void read_workers() {
    Statement rows = ledger_.prepare("SELECT id, name, host, device, pid, drained, " +
                                     provenance_column(ledger_) + " FROM workers ORDER BY id");
    rows.query();
    while (rows.next()) {
      if (rows.integer(0) != std::ssize(state_.workers()))
        damaged("worker " + std::to_string(rows.integer(0)) + " after " +
                std::to_string(state_.workers().size()) + " others");
      state_.restore_worker(
          {rows.text(1), rows.text(2), rows.text(3), rows.integer(4), !rows.is_null(5), rows.text(6)});
    }
    Statement done = ledger_.prepare(
        "SELECT DISTINCT worker FROM attempts WHERE outcome = 'done' OR outcome = 'destroyed'");
    done.query();
    while (done.next())
      state_.restore_has_results(WorkerId{number<std::uint32_t>(done, 0, state_.workers().size(), "worker")});
  }

  void read_images() {
    Statement rows =
        ledger_.prepare("SELECT id, state, rank, text, path, sha256, retries FROM images ORDER BY id");
    rows.query();
    std::uint32_t next = 0, next_rank = 0, retried = 0;
    for (; rows.next(); ++next) {
      const std::uint32_t image = position_of(rows.integer(0));
      const PlannedImage& planned = state_.planned(image);
      if (image != next || rows.text(4) != planned.path || rows.text(5) != planned.sha256)
        damaged("image '" + rows.text(4) + "' " + rows.text(5) + " where the plan has '" + planned.path +
                "' " + planned.sha256);
      const std::uint32_t retries = count(rows, 6, "retries");
      retried += retries;
      ImageProgress progress;
      progress.state = word(ledger_, rows.text(1), ImageState::kSetAside);
      if (!rows.is_null(2)) progress.rank = count(rows, 2, "rank");
      progress.text = rows.text(3);
      check_rank(image, progress);
      // Images are decided in their order, but for those that were put back.
      if (progress.rank && retries == 0 && *progress.rank < std::exchange(next_rank, *progress.rank + 1))
        damaged("image " + planned.path + " with rank " + std::to_string(*progress.rank) +
                ", which is before its turn");
      if (progress.state != ImageState::kUndecided) state_.restore_image(image, std::move(progress));
    }
    if (next != state_.images().size())
      damaged(std::to_string(next) + " images of " + std::to_string(state_.images().size()));
    state_.restore_images_retried(retried);
  }

  void check_rank(std::uint32_t image, const ImageProgress& progress) const {
    const bool needs = progress.state == ImageState::kSelected;
    const bool may_have = needs || progress.state == ImageState::kSetAside;
    if (progress.rank ? !may_have : needs)
      damaged("image " + state_.planned(image).path + ", which is " + to_string(progress.state) +
              (progress.rank ? " and has a rank" : " without a rank"));
  }

  JobSpec spec_of(const Statement& rows) const {
    const Plan& plan = state_.plan();
    JobSpec spec;
    spec.kind = word(ledger_, rows.text(1), JobKind::kExplain);
    spec.image = position_of(rows.integer(2));
    spec.case_index = number<std::uint16_t>(rows, 3, plan.cases.size(), "case");
    if (!rows.is_null(4)) spec.variant = number<std::uint16_t>(rows, 4, plan.variants.size() + 1, "variant");
    if (spec.kind == JobKind::kPredict) {
      if (plan.predict_block_of(spec.variant).begin != spec.variant)
        damaged("a predict job from variant " + std::to_string(spec.variant) + " on, where none begins");
      return spec;
    }
    spec.role = parse_role(rows.text(5));
    spec.role_index = number<std::uint16_t>(rows, 6, std::size_t{1} << 16U, "role_index");
    spec.label = rows.integer(7);
    const auto& rank = state_.images()[spec.image].rank;
    if (!rank) damaged("an explain job of image " + state_.planned(spec.image).path + ", which has no rank");
    spec.rank = *rank;
    spec.explained = explained(rows.text(16));
    spec.replicate = number<std::uint16_t>(rows, 17, static_cast<std::size_t>(plan.replicates), "replicate");
    if (!rows.is_null(18))
      spec.control_of = number<std::uint16_t>(rows, 18, plan.variants.size() + 1, "control_of variant");
    return spec;
  }

  LabelKinds explained(const std::string& column) const try {
    const LabelKinds kinds = parse_label_kinds(column);
    if (kinds.empty()) damaged("an explain job for no label");
    return kinds;
  } catch (const DamageError&) {
    throw;
  } catch (const InputError& e) {  // which does not say where
    damaged("an explain job whose " + std::string(e.what()));
  }

  void read_jobs() {
    Statement rows = ledger_.prepare(
        "SELECT jobs.id, kind, image, case_id, variant, role, role_index, label, state, attempts, failures, "
        "losses, retries, jobs.text, outcome, number, " +
        design_columns(ledger_) +
        " FROM jobs LEFT JOIN attempts ON attempts.job = jobs.number AND attempts.attempt = jobs.attempts "
        "ORDER BY number");
    Statement in_hand = ledger_.prepare(
        "SELECT attempt, worker FROM attempts WHERE job = ? AND outcome IS NULL ORDER BY attempt");
    rows.query();
    while (rows.next()) {
      Job job;
      job.id = JobId{static_cast<std::uint64_t>(rows.integer(0))};
      job.spec = spec_of(rows);
      if (rows.integer(15) != std::ssize(state_.jobs().all()))
        damaged("job number " + std::to_string(rows.integer(15)) + " after " +
                std::to_string(state_.jobs().all().size()) + " others");
      job.state = word(ledger_, rows.text(8), JobState::kCancelled);
      job.attempts = count(rows, 9, "attempts");
      job.failures = count(rows, 10, "failures");
      job.losses = count(rows, 11, "losses");
      job.retries = count(rows, 12, "retries");
      if (job.state == JobState::kLeased) read_leases(in_hand, rows.integer(15), job);
      job.text = rows.text(13);
      const std::string outcome = rows.text(14);
      const bool unanswered = outcome == "lost" || outcome == "not_received" || outcome == "restart";
      job.open = job.lease_of(job.attempts) != nullptr || unanswered;
      // What is done is known by image, case and variant; `wcam verify` looks at all.
      if (!job.finished() && job.id != state_.job_id(job.spec))
        damaged("job " + to_string(job.id) + " as '" + state_.name_of(job.spec) + "', which is " +
                to_string(state_.job_id(job.spec)));
      if (const auto what = JobTable::problem(job)) damaged("job " + to_string(job.id) + ": " + *what);
      const JobId id = job.id;
      if (!state_.restore_job(job)) damaged("job " + to_string(id) + " twice");
    }
  }

  void read_leases(Statement& in_hand, std::int64_t number_of_job, Job& job) {
    std::size_t count = 0;
    in_hand.query(number_of_job);
    while (in_hand.next()) {
      if (count == job.leases.size()) damaged("job " + to_string(job.id) + " in more than two hands");
      job.leases[count++] = {number<std::uint32_t>(in_hand, 0, std::size_t{job.attempts} + 1, "attempt"),
                             WorkerId{number<std::uint32_t>(in_hand, 1, state_.workers().size(), "worker")}};
    }
    if (count == 0) damaged("job " + to_string(job.id) + " is leased and in no hand");
    if (count == 2 && job.leases[0].worker == job.leases[1].worker)
      damaged("job " + to_string(job.id) + " is in one hand twice");
  }

  // A job is done by one attempt, and what is decided was predicted; a repair may have found the predictions
  // gone since.
  void check_done() const {
    const std::int64_t unaccounted = ledger_.query_integer(
        "SELECT count(*) FROM jobs WHERE state = 'done' AND 1 <> (SELECT count(*) FROM attempts WHERE job = "
        "jobs.number AND outcome = 'done' AND segment IS NOT NULL)");
    if (unaccounted > 0) damaged(counted(unaccounted, "done job") + " without one attempt that did it");
    Statement rows = ledger_.prepare(
        "SELECT images.path FROM jobs JOIN images ON images.id = jobs.image WHERE kind = 'predict' AND "
        "jobs.state <> 'done' AND (images.rank IS NOT NULL OR images.state = 'skipped') AND NOT EXISTS "
        "(SELECT 1 FROM attempts WHERE job = jobs.number AND outcome = 'destroyed')");
    rows.query();
    if (rows.next()) damaged("image " + rows.text(0) + " as decided, which was not predicted");
  }

  void read_labels() {
    // By number the jobs of an image lie together.
    Statement rows = ledger_.prepare(
        "SELECT image, case_id, kind, state, labels, variant FROM predictions JOIN jobs ON jobs.number = "
        "predictions.job ORDER BY job");
    rows.query();
    DecisionCheck check(state_);
    std::size_t predicted = 0;
    for (; rows.next(); ++predicted) {
      JobSpec spec;
      spec.image = position_of(rows.integer(0));
      spec.case_index = number<std::uint16_t>(rows, 1, state_.plan().cases.size(), "case");
      if (!rows.is_null(5))
        spec.variant = number<std::uint16_t>(rows, 5, state_.plan().variants.size() + 1, "variant");
      if (rows.text(2) != "predict" || rows.text(3) != "done")
        damaged("predictions of '" + state_.name_of(spec) + "', which is no predict job that is done");
      Labels labels = recorded_labels(ledger_, rows.text(4), spec, state_);
      if (!state_.restore_labels(spec, labels)) damaged("predictions of " + state_.name_of(spec) + " twice");
      check.take(spec, labels);
    }
    if (predicted != state_.jobs().tally(JobKind::kPredict)[JobState::kDone])
      damaged(std::to_string(predicted) + " predictions of " +
              std::to_string(state_.jobs().tally(JobKind::kPredict)[JobState::kDone]) + " that are done");
    if (check.problem()) damaged(*check.problem());
  }

  Database& ledger_;
  SweepState state_;
};

JobDone done_in(const Statement& rows) {
  JobDone done;
  done.job = JobId{static_cast<std::uint64_t>(rows.integer(0))};
  done.attempt = Attempt{static_cast<std::uint32_t>(rows.integer(1))};
  done.worker = WorkerId{static_cast<std::uint32_t>(rows.integer(2))};
  done.segment = rows.text(3);
  done.seconds = rows.real(4);
  if (!rows.is_null(5)) done.labels = nlohmann::json::parse(rows.text(5)).get<Labels>();
  return done;
}

}  // namespace

SweepState read_ledger(Database& ledger, const Plan& plan) { return Reader(ledger, plan).read(); }

Labels recorded_labels(const Database& ledger, const std::string& column, const JobSpec& spec,
                       const SweepState& state) {
  const std::size_t expected = state.plan().predict_block_of(spec.variant).size();
  Labels labels;
  const char* at = column.data();
  const char* const end = at + column.size();
  for (char before = '['; at != end && *at == before; before = ',') {
    std::int64_t label = -1;
    at = std::from_chars(at + 1, end, label).ptr;
    if (label < 0) break;
    labels.push_back(label);
  }
  if (column.substr(static_cast<std::size_t>(at - column.data())) != "]")
    throw DamageError(ledger.file(), "labels of '" + state.name_of(spec) + "' that are no list of classes");
  if (labels.size() != expected)
    throw DamageError(ledger.file(), std::to_string(labels.size()) + " labels of '" + state.name_of(spec) +
                                         "', not " + std::to_string(expected));
  return labels;
}

std::vector<JobDone> inherited_results(Database& ledger) {
  std::vector<JobDone> results;
  if (schema_of(ledger) < 5) return results;
  Statement rows = ledger.prepare("SELECT id, attempt, worker, segment, seconds, labels FROM inherited");
  rows.query();
  while (rows.next()) results.push_back(done_in(rows));
  return results;
}

std::vector<JobDone> done_results(Database& ledger) {
  std::vector<JobDone> results;
  std::unordered_set<JobId> known;
  Statement rows = ledger.prepare(
      "SELECT id, attempt, worker, segment, coalesce(seconds, 0), labels FROM jobs JOIN attempts ON "
      "attempts.job = "
      "number AND outcome = 'done' LEFT JOIN predictions ON predictions.job = number WHERE state = 'done'");
  rows.query();
  while (rows.next()) {
    results.push_back(done_in(rows));
    known.insert(results.back().job);
  }
  for (JobDone& done : inherited_results(ledger))
    if (known.insert(done.job).second) results.push_back(std::move(done));
  return results;
}

std::optional<Plan> recorded_plan(Database& ledger) try {
  if (schema_of(ledger) == 0) return std::nullopt;
  Statement rows = ledger.prepare("SELECT sweep_id, json FROM plan");
  rows.query();
  if (!rows.next()) return std::nullopt;
  Plan plan = plan_from_json_text(rows.text(1), ledger.file().string());
  return sweep_id(plan) == rows.text(0) ? std::optional(std::move(plan)) : std::nullopt;
} catch (const InputError&) {
  return std::nullopt;
}

std::optional<Counts> summarise_ledger(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  Database database(file, Database::Access::kReadOnly);
  if (schema_of(database) == 0) return std::nullopt;
  check_schema(database);
  check_rows(database);
  Counts summary;
  Statement jobs = database.prepare("SELECT kind, state, count(*) FROM jobs GROUP BY kind, state");
  jobs.query();
  while (jobs.next()) {
    const JobKind kind = word(database, jobs.text(0), JobKind::kExplain);
    const JobState state = word(database, jobs.text(1), JobState::kCancelled);
    Tally& tally = kind == JobKind::kPredict ? summary.predict : summary.explain;
    tally.in_state[static_cast<std::size_t>(state)] = static_cast<std::size_t>(jobs.integer(2));
  }
  const auto count = [&](const char* where) {
    return static_cast<std::size_t>(
        database.query_integer(std::string("SELECT count(*) FROM images") + where));
  };
  summary.images = count("");
  summary.images_decided = count(" WHERE state <> 'undecided'");
  summary.images_selected = count(" WHERE rank IS NOT NULL");
  summary.images_skipped = count(" WHERE state = 'skipped'");
  summary.images_set_aside = count(" WHERE state = 'set_aside'");
  Statement plan = database.prepare("SELECT course FROM plan");
  plan.query();
  while (plan.next()) summary.course = word(database, plan.text(0), Course::kCancelled);
  Statement provenances = database.prepare(
      "SELECT " + provenance_column(database) +
      ", count(*) FROM workers WHERE id IN (SELECT worker FROM attempts WHERE outcome = 'done' OR "
      "outcome = 'destroyed') GROUP BY 1");
  provenances.query();
  while (provenances.next())
    summary.provenances[provenances.text(0)] = static_cast<std::size_t>(provenances.integer(1));
  Statement rows = database.prepare(
      "SELECT 'image ' || path || ': ' || text FROM images WHERE state = 'set_aside' UNION ALL "
      "SELECT kind || ' ' || image || ' ' || coalesce(variant || ' ', '') || case_name || ': ' || text FROM "
      "job_list "
      "WHERE state = 'set_aside' AND image NOT IN (SELECT path FROM images WHERE state = 'set_aside')");
  rows.query();
  while (rows.next()) summary.set_aside.push_back(first_line(rows.text(0)));
  return summary;
}

}  // namespace wcam
