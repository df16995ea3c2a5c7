#include "common/command_line/trial.h"

#include <csignal>
#include <sstream>
#include <thread>

#include "common/base/file.h"
#include "common/base/process.h"
#include "common/base/scratch_folder.h"

namespace wcam {

namespace {

// Libraries may have said something before.
std::string complaint_in(const std::string& said) {
  std::istringstream lines(said);
  std::string last;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) last = line;
  const auto name = last.find(": ");
  return name == std::string::npos ? "" : last.substr(name + 2);
}

}  // namespace

std::vector<std::optional<Answer>> answers_of(const std::vector<std::vector<std::string>>& commands,
                                              std::chrono::seconds patience,
                                              const std::function<void()>& waiting) {
  const ScratchFolder scratch("wcam-try");
  const auto complaints_of = [&](std::size_t i) { return scratch.path() / std::to_string(i); };
  std::vector<Process> trials;
  for (std::size_t i = 0; i < commands.size(); ++i)
    trials.push_back(Process::start(commands[i], complaints_of(i)));
  const auto end = std::chrono::steady_clock::now() + patience;
  std::vector<std::optional<Answer>> answers(trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    for (; !trials[i].ending(); std::this_thread::sleep_for(std::chrono::milliseconds{20})) {
      waiting();
      if (std::chrono::steady_clock::now() > end) trials[i].signal(SIGKILL);
    }
    if (trials[i].ending()->signal == 0)
      answers[i] = Answer{trials[i].ending()->code, complaint_in(read_file(complaints_of(i)))};
  }
  return answers;
}

}  // namespace wcam
