#include "coordinator/commands/try_networks.h"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>

#include "common/base/elapsed.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/process.h"
#include "common/base/scratch_folder.h"
#include "common/command_line/trial.h"

namespace fs = std::filesystem;

namespace wcam {

void try_networks(const Plan& plan) {
  const fs::path worker = sibling_program("wcam-worker");
  if (!fs::exists(worker)) return;
  const ScratchFolder scratch("wcam-plan");
  const fs::path file = scratch.path() / "plan.json";
  write_file_atomically(file, to_json_text(plan));
  const auto begun = std::chrono::steady_clock::now();
  const auto say_why_it_takes_long = [&, said = false]() mutable {
    if (said || seconds_since(begun) < 5) return;
    said = true;
    std::cerr << "trying " << counted(plan.cases.size(), "network") << " before the sweep is made"
              << std::endl;
  };
  const auto answer =
      answers_of({{worker.string(), "try", file.string()}}, std::chrono::hours{1}, say_why_it_takes_long)
          .front();
  if (!answer || answer->code != static_cast<int>(ExitCode::kBadInput)) return;  // workers may fare better
  throw InputError(answer->complaint.empty() ? "a network cannot be used: wcam check-models tells why"
                                             : answer->complaint);
}

}  // namespace wcam
