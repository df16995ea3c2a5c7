#include "coordinator/commands/try_networks.h"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>

#include "common/base/elapsed.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/process.h"
#include "common/base/scratch_folder.h"
#include "common/command_line/run_main.h"

namespace fs = std::filesystem;

namespace wcam {

void try_networks(const Plan& plan) {
  const fs::path worker = sibling_program("wcam-worker");
  if (!fs::exists(worker)) return;
  const ScratchFolder scratch(fs::temp_directory_path(), "wcam-try");
  const fs::path file = scratch.path() / "plan.json", complaints = scratch.path() / "stderr";
  write_file_atomically(file, to_json_text(plan));
  Process trial = Process::start({worker.string(), "try", file.string()}, complaints);
  const auto begun = std::chrono::steady_clock::now();
  for (bool said = false; !trial.ending(); std::this_thread::sleep_for(std::chrono::milliseconds{20}))
    if (!said && seconds_since(begun) > 5) {
      said = true;
      std::cerr << "trying " << counted(plan.cases.size(), "network") << " before the sweep is made"
                << std::endl;
    }
  if (trial.ending()->code != static_cast<int>(ExitCode::kBadInput))
    return;  // killed: workers may fare better
  const std::string complaint = complaint_in(read_file(complaints));
  throw InputError(complaint.empty() ? "a network cannot be used: wcam check-models tells why" : complaint);
}

}  // namespace wcam
