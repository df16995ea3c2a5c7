#include <boost/program_options/value_semantic.hpp>
#include <iostream>
#include <set>

#include "common/base/file.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/wire/keys.h"
#include "coordinator/commands/commands.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam keys SWEEP [--worker NAME,...] [--revoke NAME,...]";
  line.about =
      "Makes the keys of a sweep that are not there yet (the coordinator's own and 'worker', as `wcam run` "
      "does by\n"
      "itself), adds and revokes workers' keys, and lists them. A running coordinator notices at once.";
  line.example = "wcam keys study --worker node7";
  line.options.add_options()                                                                 //
      ("worker", po::value<std::string>(), "keys to add: letters, digits, '-' and '_'")      //
      ("revoke", po::value<std::string>(), "keys whose workers are to be admitted no more")  //
      ("sweep", po::value<std::string>()->value_name("DIR")->required(),
       "directory of the sweep, made if it is not there");
  line.positional.add("sweep", 1);
  return line;
}

// NAME of the files NAME.ending in a folder.
void note_names(std::set<std::string>& names, const fs::path& folder, const char* ending) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ending && entry.path().filename().string().front() != '.')
      names.insert(entry.path().stem().string());
}

std::string state_of(const SweepDirectory& sweep, const std::string& name, const std::string& coordinator) {
  const fs::path admitted = sweep.allowed_keys() / (name + ".pub");
  if (!fs::exists(sweep.worker_key(name))) return "admitted; its key file is elsewhere";
  try {
    const WorkerKey key = read_worker_key(sweep.worker_key(name));
    if (!fs::exists(admitted)) return "revoked";
    if (read_public_key(admitted) != key.own.public_key)
      return "of no use: " + admitted.string() + " has another public key";
    if (key.coordinator != coordinator) return "of no use: made for another coordinator's key";
    return "admitted";
  } catch (const InputError& e) {
    return std::string("of no use: ") + e.what();
  }
}

void list(const SweepDirectory& sweep) {
  const std::string coordinator = read_coordinator_key(sweep.coordinator_key()).public_key;
  std::cout << sweep.coordinator_key().string() << ": the coordinator's, which stays on its host\n";
  std::set<std::string> names;
  note_names(names, sweep.keys(), ".key");
  note_names(names, sweep.allowed_keys(), ".pub");
  names.erase("coordinator");
  for (const std::string& name : names)
    std::cout << sweep.worker_key(name).string() << ": " << state_of(sweep, name, coordinator) << "\n";
  std::cout
      << "\nWorkers that see this folder use " << kDefaultWorkerKey
      << ".key by themselves. Another host needs one of the workers' files, readable by\nits owner alone "
         "(scp -p keeps it so), and is told of it: wcam-worker run --key FILE\n";
}

}  // namespace

ExitCode keys_command(const Arguments& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory sweep{(*values)["sweep"].as<std::string>()};
  std::vector<std::string> wanted = list_of(*values, "worker");
  const std::vector<std::string> unwanted = list_of(*values, "revoke");
  for (const auto& names : {wanted, unwanted})
    for (const std::string& name : names) check_key_name(name);
  if (unwanted.empty()) wanted.emplace_back(kDefaultWorkerKey);
  make_directories(sweep.root);
  for (const std::string& name : unwanted) {
    revoke_key(sweep, name);
    std::cout << "revoked " << name << "\n";
  }
  for (const fs::path& file : make_keys(sweep, wanted)) std::cout << "made " << file.string() << "\n";
  list(sweep);
  return ExitCode::kDone;
}

}  // namespace wcam
