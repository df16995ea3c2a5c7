// The ledger of a small sweep under way, damaged: what status, jobs, verify, the opening by `run` and repair
// make of it.
//
//   byte 1     0: the rest is XORed in, two bytes of a place and one of a value each; 1: it changes rows
//              (below); 2: it is the file
//   of a row   table, column, row, what becomes of it, length of a text, the text
#include <spdlog/spdlog.h>

#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/file.h"
#include "coordinator/commands/commands.h"
#include "coordinator/ledger/job_report.h"
#include "coordinator/sweep/open_sweep.h"
#include "coordinator/sweep/status.h"
#include "tests/coordinator/rig.h"
#include "tests/fuzz/target.h"

using namespace wcam;

namespace {

using Input = std::span<const std::uint8_t>;

// Its folder, with a ledger as long as a mutation needs one.
class Sweep {
 public:
  Sweep() : sweep_{folder_.path() / "sweep"} {
    std::cout.setstate(std::ios::failbit);
    Rig rig(small_plan(4, 2, 3));
    rig.join("w", 1);
    while (rig.state().selected() < 2) {
      for (const wire::Job& job : rig.jobs_for("w")) rig.answer("w", job);
      rig.say("w", ready_for(1));
    }
    plan_ = rig.plan();
    make_directories(sweep_.root);
    write_file(sweep_.plan(), to_json_text(plan_));
    for (const char* log : {"", "-wal"})
      std::filesystem::copy(rig.ledger_file().string() + log, sweep_.ledger().string() + log);
    Database(sweep_.ledger(), Database::Access::kReadWriteCreate).execute("PRAGMA journal_mode = DELETE");
    whole_ = read_file(sweep_.ledger());
    clear();
  }

  void damage(Input input) {
    const unsigned how = input.front() % 3U;
    input = input.subspan(1);
    std::string bytes = how == 2 ? text_of(input.data(), input.size()) : whole_;
    for (; how == 0 && input.size() >= 3; input = input.subspan(3))
      bytes[(input[0] * 256U + input[1]) % bytes.size()] ^= static_cast<char>(input[2]);
    write_file(sweep_.ledger(), bytes);
    if (how == 1) change_rows(input);
    damaged_ = read_file(sweep_.ledger());
  }

  void look() {
    said([&] { (void)describe(read_status(sweep_.root)); });
    said([&] {
      Database ledger = open_ledger_to_read(sweep_);
      const wire::JobList jobs = list_jobs(ledger, {});
      (void)to_text(jobs);
      (void)to_json_text(jobs);
      if (jobs.jobs_size() > 0) (void)to_text(job_story(ledger, JobId{jobs.jobs(0).job()}));
    });
    said([&] { (void)verify_command({sweep_.root.string()}); });
  }

  // As `run` does, which then hands out a job.
  void open() {
    said([&] {
      Ledger ledger(sweep_.ledger());
      SweepState state = ledger.load(plan_);
      Scheduler scheduler(state, {});
      scheduler.start({});
      for (const auto& said : {hello_of("next"), ready_for(1)}) scheduler.on_message("next", said, {});
      scheduler.advance({});
      scheduler.settle([&](std::span<const Event> events) { ledger.commit(events); },
                       [](const Message&) { return true; });
      scheduler.check_invariants();
    });
  }

  // What repair has mended is sound, and can be opened.
  void repair() {
    clear();
    write_file(sweep_.ledger(), damaged_);
    if (!said([&] { (void)repair_command({sweep_.root.string()}); })) return;
    ExitCode verdict{};
    demand(said([&] { verdict = verify_command({sweep_.root.string()}); }) && verdict == ExitCode::kDone,
           "repaired, and not sound");
    demand(said([&] { (void)Ledger(sweep_.ledger()).load(plan_); }), "repaired, and not opened");
  }

  void clear() {
    for (const auto& entry : std::filesystem::directory_iterator(sweep_.root))
      if (entry.path() != sweep_.plan()) std::filesystem::remove(entry.path());
  }

 private:
  // False: refused in words.
  template <typename Act>
  static bool said(const Act& act) try {
    act();
    return true;
  } catch (const InputError&) {
    return false;
  } catch (const UsageError&) {
    return false;
  }

  void change_rows(Input input) {
    struct Table {
      const char* name;
      const char* key;
      std::vector<const char*> columns;
    };
    static const std::vector<Table> kTables{
        {"plan", "sweep_id", {"sweep_id", "json", "course"}},
        {"images", "id", {"id", "path", "sha256", "state", "rank", "text", "retries"}},
        {"cases", "id", {"id", "name", "sha256", "cancelled"}},
        {"variants", "id", {"id", "name"}},
        {"workers", "id", {"id", "name", "host", "device", "pid", "drained", "provenance"}},
        {"jobs",
         "number",
         {"number", "id", "kind", "image", "case_id", "variant", "role", "role_index", "label", "state",
          "attempts", "failures", "losses", "retries", "text"}},
        {"attempts", "job", {"job", "attempt", "worker", "ended", "outcome", "segment", "seconds", "text"}},
        {"predictions", "job", {"job", "labels"}}};
    Database ledger(sweep_.ledger(), Database::Access::kReadWriteCreate);
    ledger.execute("PRAGMA ignore_check_constraints = ON; PRAGMA journal_mode = OFF");
    while (input.size() >= 5) {
      const Table& table = kTables[input[0] % kTables.size()];
      const std::string column = table.columns[input[1] % table.columns.size()], name = table.name;
      const std::string where = " WHERE " + std::string(table.key) + " = (SELECT " + table.key + " FROM " +
                                name + " LIMIT 1 OFFSET " + std::to_string(input[2]) + ")";
      const unsigned what = input[3] % 6U;
      const std::size_t length = std::min<std::size_t>(input[4], input.size() - 5);
      const std::string text = text_of(input.data() + 5, length);
      const std::string number = std::to_string(static_cast<std::int8_t>(input[4]));
      input = input.subspan(what == 2 ? 5 + length : 5);
      const std::string values[] = {number, column + " + " + number, "?1", "NULL", "0x7fffffffffffffff"};
      try {
        if (what == 5)
          ledger.execute("DELETE FROM " + name + where);
        else if (what == 2)
          ledger.prepare("UPDATE " + name + " SET " + column + " = ?1" + where).run(text);
        else
          ledger.execute("UPDATE " + name + " SET " + column + " = " + values[what] + where);
      } catch (const InputError&) {  // SQLite will not have it
      }
    }
  }

  TemporaryFolder folder_;
  const SweepDirectory sweep_;
  Plan plan_;
  std::string whole_, damaged_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  static Sweep sweep;
  if (size == 0) return 0;
  sweep.damage({data, size});
  sweep.look();
  sweep.open();
  sweep.repair();
  sweep.clear();
  return 0;
}
