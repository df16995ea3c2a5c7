#include "coordinator/sweep/extend_sweep.h"

#include <iostream>
#include <map>
#include <system_error>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/printable.h"
#include "common/store/open_results.h"
#include "common/store/pack.h"
#include "common/study/extension.h"
#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/ledger/recorded_results.h"
#include "coordinator/study/enumerate.h"
#include "coordinator/study/study_request.h"
#include "coordinator/sweep/open_sweep.h"
#include "coordinator/sweep/sweep_folder.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

// Paths of the images that have a rank, by rank.
std::vector<std::string> sample_of(const SweepState& state) {
  std::map<std::uint32_t, std::string> by_rank;
  for (std::uint32_t i = 0; i < state.images().size(); ++i)
    if (const auto rank = state.images()[i].rank) by_rank.emplace(*rank, state.planned(i).path);
  std::vector<std::string> sample;
  for (auto& [rank, path] : by_rank) sample.push_back(std::move(path));
  return sample;
}

bool gets_more_points(const Extension& extension) {
  return extension.to.wcam.nb_design != extension.from.wcam.nb_design;
}

// Of a sweep whose WCAMs get more design points: what it has as it is, and results.h5 with all of it, which
// is read for the outputs at the points that are there.
void keep_results(const SweepDirectory& sweep, Ledger& ledger, const fs::path& kept) {
  warn_of_left_out(pack(sweep.root, recorded_results(ledger.database())).left_out, sweep.root);
  const fs::path copy = kept / sweep.results().filename();
  fs::remove(copy);
  std::error_code no_links;
  fs::create_hard_link(sweep.results(), copy, no_links);  // pack() never changes a file, it replaces it
  if (!no_links) return;
  PendingFile pending(copy);
  fs::copy_file(sweep.results(), pending.path(), fs::copy_options::overwrite_existing);
  pending.commit();
}

// The results of the old ledger, and the workers that have them.
void hand_down(const SweepState& old, const std::vector<JobDone>& results, const fs::path& file,
               const Plan& plan) {
  Ledger ledger(file);
  ledger.load(plan);
  std::vector<Event> joined;
  for (const WorkerInfo& worker : old.workers())
    joined.emplace_back(WorkerJoined{WorkerId{static_cast<std::uint32_t>(joined.size())}, worker});
  ledger.commit(joined);
  ledger.inherit(results);
}

}  // namespace

Plan plan_to_extend(const SweepDirectory& sweep) {
  const std::optional<Plan> stored = stored_plan(sweep);
  if (!stored)
    throw UsageError("--extend adds to a sweep that is there, and " + sweep.root.string() + " holds none");
  check(*stored);
  return *stored;
}

SweepState state_to_extend(const SweepDirectory& sweep) {
  const Plan plan = plan_to_extend(sweep);
  if (!fs::exists(sweep.ledger())) return SweepState(plan);
  Database ledger = open_ledger_to_read(sweep);
  return read_ledger(ledger, plan);
}

Extension plan_extension(const po::variables_map& values, const SweepState& state) {
  const auto say = [](const std::string& line) { std::cerr << printable_lines(line) << std::endl; };
  const Plan& from = state.plan();
  const Plan asked = make_plan(extension_request(values, from), say);
  Extension extension{from, extended(from, asked, sample_of(state)), {}};
  check(extension.to);
  check_fits_message(extension.to);
  extension.added = additions(extension.from, extension.to);
  return extension;
}

HandedDown handed_down(Database& ledger, const Extension& extension) {
  HandedDown handed{done_results(ledger), 0};
  if (gets_more_points(extension))
    handed.to_deepen = std::erase_if(handed.results, [](const JobDone& done) { return done.labels.empty(); });
  return handed;
}

Prospect prospect_of(const Extension& extension, const SweepState& state, const HandedDown& handed) {
  SweepState larger(extension.to);
  for (const WorkerInfo& worker : state.workers()) larger.restore_worker(worker);
  Prospect prospect = prospect_of(std::move(larger), handed.results);
  prospect.to_deepen = handed.to_deepen;
  return prospect;
}

void extend_sweep(const SweepDirectory& sweep, const Extension& extension, const SweepState& state,
                  const HandedDown& handed, std::optional<Ledger>& ledger) {
  const fs::path kept = sweep.earlier(state.sweep());
  make_directories(kept);
  write_file_atomically(kept / "plan.json", to_json_text(extension.from));
  if (gets_more_points(extension)) keep_results(sweep, *ledger, kept);
  ledger->database().execute("PRAGMA wal_checkpoint(TRUNCATE)");  // all is in one file
  write_file_atomically(kept / "ledger.sqlite", read_file(sweep.ledger()));
  PendingFile pending(sweep.ledger());
  hand_down(state, handed.results, pending.path(), extension.to);
  // Of the old ledger, which stays locked until the new one has its name.
  for (const char* suffix : {"-wal", "-shm"}) fs::remove(sweep.ledger().string() + suffix);
  pending.commit();
  write_file_atomically(sweep.plan(), to_json_text(extension.to));
  ledger.reset();
  open_ledger(ledger, sweep);
}

}  // namespace wcam
