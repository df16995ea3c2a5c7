#include "coordinator/repair/find_plan.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/store/sources.h"
#include "common/store/store_file.h"
#include "coordinator/ledger/schema.h"
#include "coordinator/sweep/sweep_folder.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

class Search {
 public:
  Search(const SweepDirectory& sweep, std::optional<Database>& ledger) : sweep_(sweep), ledger_(ledger) {}

  FoundPlan run() {
    look_in(sweep_.plan(), [&] { return stored_plan(sweep_); });
    if (ledger_) look_in(sweep_.ledger(), [&] { return plan_in_ledger(); });
    if (fs::exists(sweep_.results())) look_in(sweep_.results(), [&] { return plan_in_results(); });
    if (copies_.empty()) check_is_sweep_with_something();
    note_a_segment();
    for (Copy& copy : copies_)
      if (explains_all(copy.plan)) return taken(copy);
    for (Copy& copy : copies_)
      if (ids_.count(copy.id) > 1) return taken(copy);
    throw InputError(sweep_.root.string() + " has no plan that is its own: " + joined(findings_) +
                     "; restore " + sweep_.plan().string() + " from a copy");
  }

 private:
  struct Copy {
    Plan plan;
    std::string id;
    fs::path file;
  };

  // That of an extended sweep, beside files of what it was before.
  bool explains_all(const Plan& plan) const {
    const std::vector<std::string> known = plan.sweep_ids();
    return std::all_of(ids_.begin(), ids_.end(), [&](const std::string& id) {
      return std::find(known.begin(), known.end(), id) != known.end();
    });
  }

  FoundPlan taken(Copy& copy) const {
    return {std::move(copy.plan), copy.file.string(), problem_of_plan_json(copy.id)};
  }

  void look_in(const fs::path& file, const std::function<std::optional<Plan>()>& read) try {
    std::optional<Plan> plan = read();
    if (!plan) return found(file.string() + " has none");
    std::string id = sweep_id(*plan);
    found(file.string() + " has that of sweep " + id);
    ids_.insert(id);
    copies_.push_back({std::move(*plan), std::move(id), file});
  } catch (const InputError& e) {
    found(e.what());
  }

  std::optional<Plan> plan_in_ledger() {
    if (schema_of(*ledger_) == 0) return std::nullopt;
    Statement rows = ledger_->prepare("SELECT sweep_id, json FROM plan");
    rows.query();
    if (!rows.next()) return std::nullopt;
    ids_.insert(rows.text(0));
    return plan_from_json_text(rows.text(1), sweep_.ledger().string());
  }

  std::optional<Plan> plan_in_results() {
    store::StoreReader file(sweep_.results());
    ids_.insert(file.header().sweep_id);
    const std::string text = file.plan_text();
    return text.empty() ? std::nullopt : std::optional(plan_from_json_text(text, sweep_.results().string()));
  }

  void note_a_segment() {
    for (const fs::path& segment : store::segment_files(sweep_)) try {
        ids_.insert(store::StoreReader(segment).header().sweep_id);
        return;
      } catch (const InputError&) {  // whoever reads all of them says so
      }
  }

  void check_is_sweep_with_something() const {
    if (!ledger_ && !fs::exists(sweep_.ledger()) && !fs::exists(sweep_.results()) &&
        store::segment_files(sweep_).empty())
      check_is_sweep(sweep_);
  }

  void found(const std::string& what) { findings_.push_back(what); }

  std::string problem_of_plan_json(const std::string& id) const {
    const std::string file = sweep_.plan().string();
    if (!fs::exists(sweep_.plan())) return file + " is gone";
    if (copies_.front().file != sweep_.plan()) return findings_.front();
    if (copies_.front().id == id) return "";
    return file + " is the plan of sweep " + copies_.front().id + ", what lies beside it is of " + id;
  }

  const SweepDirectory& sweep_;
  std::optional<Database>& ledger_;
  std::vector<Copy> copies_;
  std::multiset<std::string> ids_;     // as each thing in the folder names its sweep
  std::vector<std::string> findings_;  // one for each place; plan.json's first
};

}  // namespace

FoundPlan find_plan(const SweepDirectory& sweep, std::optional<Database>& ledger) {
  return Search(sweep, ledger).run();
}

}  // namespace wcam
