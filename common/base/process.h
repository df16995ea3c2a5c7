// Child processes: of the launcher, and of `plan`, which measures with them. Linux only.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wcam {

// A program of ours beside the running one ("wcam-worker"), or on PATH when it is not there.
std::filesystem::path sibling_program(const std::string& name);

// How a process ended.
struct Ending {
  int code = 0;    // exit code; 128 + signal when killed
  int signal = 0;  // 0 when it exited by itself
};
std::string to_string(const Ending& ending);

// A child in a process group of its own (so that Ctrl-C reaches only the parent, which passes it on once)
// that gets SIGTERM when its parent dies, however it dies. Not ended by the destructor.
class Process {
 public:
  // Throws std::system_error when it cannot be started. complaints: file to which it writes what it says to
  // stderr; empty: ours. output: descriptor to which goes what it says to stdout; negative: ours.
  static Process start(const std::vector<std::string>& command, const std::filesystem::path& complaints = {},
                       int output = -1);

  pid_t pid() const { return pid_; }
  // How the child ended, if it has; does not wait. Remembers the answer.
  const std::optional<Ending>& ending();
  // Sends the child a signal; does nothing once it has ended.
  void signal(int number);

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_;
  std::optional<Ending> ending_;
};

// Starts a command and waits for its end.
Ending run_to_end(const std::vector<std::string>& command);

// What a command says to stdout. Throws InputError when it cannot be started, or ends otherwise than with 0.
std::string output_of(const std::vector<std::string>& command);

// Raises this process's limit of open files to 65,536, as far as it may. A connection is a file, and 1,024 of
// these, the usual soft limit, are soon used up: by as many workers, or by somebody who means ill.
void allow_many_connections();

// Replaces this process by the command. Throws std::system_error when that fails.
[[noreturn]] void become(const std::vector<std::string>& command);

}  // namespace wcam
