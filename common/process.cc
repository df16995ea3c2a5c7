#include "common/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace fs = std::filesystem;

namespace wcam {

namespace {

std::vector<char*> argv_of(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  return argv;
}

Ending ending_of(int status) {
  if (WIFSIGNALED(status)) return {128 + WTERMSIG(status), WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

[[noreturn]] void fail(const std::string& act, int error) {
  throw std::system_error(error, std::generic_category(), "cannot " + act);
}

// In the child, between fork and exec: only async-signal-safe calls. `alarm` tells the parent why exec
// failed.
[[noreturn]] void exec_in_child(char* const* argv, pid_t parent, int alarm, const char* complaints) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it died before prctl
  if (*complaints != '\0')
    ::dup2(::open(complaints, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), STDERR_FILENO);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvp(argv[0], argv);
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(alarm, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

fs::path sibling_program(const std::string& name) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const fs::path sibling = self.parent_path() / name;
  return !error && fs::exists(sibling) ? sibling : fs::path(name);
}

std::string to_string(const Ending& ending) {
  if (ending.signal != 0)
    return "was killed by signal " + std::to_string(ending.signal) + " (" + strsignal(ending.signal) + ")";
  return "exited with code " + std::to_string(ending.code);
}

Process Process::start(const std::vector<std::string>& command, const fs::path& complaints) {
  int alarm[2];
  if (::pipe2(alarm, O_CLOEXEC) != 0) fail("make a pipe", errno);
  const std::vector<char*> argv = argv_of(command);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) fail("fork", errno);
  if (child == 0) exec_in_child(argv.data(), parent, alarm[1], complaints.c_str());
  ::close(alarm[1]);
  int error = 0;
  const auto count = ::read(alarm[0], &error, sizeof error);
  ::close(alarm[0]);
  if (count == sizeof error) {
    ::waitpid(child, nullptr, 0);
    fail("start " + command.front(), error);
  }
  return Process(child);
}

const std::optional<Ending>& Process::ending() {
  int status = 0;
  if (!ending_ && ::waitpid(pid_, &status, WNOHANG) == pid_) ending_ = ending_of(status);
  return ending_;
}

void Process::signal(int number) {
  if (!ending()) ::kill(pid_, number);
}

Ending run_to_end(const std::vector<std::string>& command) {
  const Process child = Process::start(command);
  int status = 0;
  while (::waitpid(child.pid(), &status, 0) < 0)
    if (errno != EINTR) fail("wait for " + command.front(), errno);
  return ending_of(status);
}

void become(const std::vector<std::string>& command) {
  const std::vector<char*> argv = argv_of(command);
  ::execvp(argv.front(), argv.data());
  fail("start " + command.front(), errno);
}

}  // namespace wcam
