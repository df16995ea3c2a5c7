#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "common/base/message_text.h"
#include "common/base/printable.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "coordinator/commands/commands.h"
#include "coordinator/repair/check_sweep.h"
#include "coordinator/sweep/status.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

struct Damage {
  std::string problem, remedy;
  std::vector<std::string> jobs = {};  // whose results it spoils, as far as the ledger tells
};

// By segment, those of a sound ledger that are done and cannot be read.
std::map<std::string, std::vector<std::string>> lost_jobs(const SweepCheck& check) {
  std::map<std::string, std::vector<std::string>> jobs;
  for (const LostResult& result : check.lost)
    jobs[result.segment].push_back(to_string(result.job) + " " +
                                   check.state->name_of(check.state->jobs().at(result.job).spec));
  return jobs;
}

std::vector<Damage> damage_of(const LockedSweep& held, const SweepDirectory& sweep) {
  const auto& [found, ledger, check] = held;
  const std::string repair = "`wcam repair " + sweep.root.string() + "` ";
  std::vector<Damage> damage;
  if (!found.problem.empty()) damage.push_back({found.problem, repair + "restores it from " + found.copy_in});
  for (const std::string& problem : check.ledger_problems)
    damage.push_back({problem, repair + "makes the ledger anew from plan and segments"});
  std::map<std::string, std::vector<std::string>> lost = lost_jobs(check);
  const std::string retry = "`wcam retry " + sweep.root.string() + " --damaged` ";
  for (const DamagedFile& file : check.stored.damaged) {
    const bool of_all = file.file == sweep.results();
    const auto spoilt = lost.extract(file.file.filename().string());
    const std::string moves = retry + "moves it aside";
    damage.push_back({file.why,
                      of_all   ? repair + "moves it aside and `wcam pack` makes it again from the segments"
                      : spoilt ? "restore it from a copy; or " + moves + " and has its results computed again"
                               : "no result of this sweep is lost with it: " + moves,
                      spoilt ? spoilt.mapped() : std::vector<std::string>{}});
  }
  for (const DamagedFile& file : check.damaged_before)
    damage.push_back(
        {file.why,
         "restore it from a copy, or take it away: it is of the sweep before it was extended, and no "
         "result of now is in it (docs/extending.md)"});
  for (auto& [segment, jobs] : lost)
    damage.push_back({(sweep.segments() / segment).string() + " does not give " +
                          counted(jobs.size(), "result") + " that the ledger has as done",
                      "restore it from a copy; or " + retry + "has them computed again", std::move(jobs)});
  return damage;
}

std::string to_json_text(const SweepCheck& check, const std::vector<Damage>& damage) {
  nlohmann::json list = nlohmann::json::array();
  for (const Damage& d : damage)
    list.push_back({{"problem", d.problem}, {"remedy", d.remedy}, {"jobs", d.jobs}});
  const nlohmann::json document{{"sound", damage.empty()},
                                {"damage", list},
                                {"files", check.stored.files.size()},
                                {"unknown_to_ledger", check.unknown.size()},
                                {"provenances", check.stored.jobs_by_provenance()}};
  return document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string to_text(const SweepCheck& check, const std::vector<Damage>& damage, const SweepDirectory& sweep) {
  std::string text;
  constexpr std::size_t kShown = 5;
  for (const Damage& d : damage) {
    text += "damaged: " + d.problem + "\n  remedy: " + d.remedy + "\n";
    for (std::size_t i = 0; i < std::min(d.jobs.size(), kShown); ++i)
      text += "  spoilt: job " + d.jobs[i] + "\n";
    if (d.jobs.size() > kShown)
      text += "  and " + std::to_string(d.jobs.size() - kShown) + " more; --json lists all\n";
  }
  if (!check.unknown.empty())
    text += "note: " + counted(check.unknown.size(), "stored result") +
            " not reported before the coordinator or a worker was cut off; `wcam repair " +
            sweep.root.string() + "` takes in what may be computed again otherwise\n";
  if (const std::string unlike = unlike_processors(check.stored.jobs_by_provenance(), "job"); !unlike.empty())
    text += "note: " + unlike;
  if (damage.empty())
    text += sweep.root.string() + " is sound: " + counted(check.stored.files.size(), "file") +
            " of results and the ledger say the same\n";
  return text;
}

}  // namespace

ExitCode verify_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam verify SWEEP [--json]";
  line.about =
      "Reads the whole ledger and every file of results of a sweep that no coordinator is running, and\n"
      "says what is damaged, with the remedy. Exit status: 0 sound, 3 damaged.";
  line.example = "wcam verify study";
  line.options.add_options()("json", po::bool_switch(), "for scripts");
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory sweep = sweep_of(*values);
  const LockedSweep held = lock_and_check(sweep);
  const SweepCheck& check = held.check;
  const std::vector<Damage> damage = damage_of(held, sweep);
  std::cout << ((*values)["json"].as<bool>() ? to_json_text(check, damage)
                                             : printable_lines(to_text(check, damage, sweep)));
  return damage.empty() ? ExitCode::kDone : ExitCode::kBadInput;
}

}  // namespace wcam
