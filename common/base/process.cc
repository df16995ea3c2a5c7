#include "common/base/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include "common/base/error.h"

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
// failed; `output`, unless negative, is where stdout goes.
[[noreturn]] void exec_in_child(char* const* argv, pid_t parent, int alarm, int output,
                                const char* complaints) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it died before prctl
  if (*complaints != '\0')
    ::dup2(::open(complaints, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), STDERR_FILENO);
  if (output >= 0) ::dup2(output, STDOUT_FILENO);
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

Process Process::start(const std::vector<std::string>& command, const fs::path& complaints, int output) {
  int alarm[2];
  if (::pipe2(alarm, O_CLOEXEC) != 0) fail("make a pipe", errno);
  const std::vector<char*> argv = argv_of(command);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) fail("fork", errno);
  if (child == 0) exec_in_child(argv.data(), parent, alarm[1], output, complaints.c_str());
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

namespace {

Ending wait_for(const Process& child, const std::string& name) {
  int status = 0;
  while (::waitpid(child.pid(), &status, 0) < 0)
    if (errno != EINTR) fail("wait for " + name, errno);
  return ending_of(status);
}

}  // namespace

Ending run_to_end(const std::vector<std::string>& command) {
  return wait_for(Process::start(command), command.front());
}

std::string output_of(const std::vector<std::string>& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("make a pipe", errno);
  std::string text;
  try {
    const Process child = Process::start(command, {}, ends[1]);
    ::close(std::exchange(ends[1], -1));
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) != 0;) {
      if (count < 0 && errno != EINTR) break;
      if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
    }
    ::close(std::exchange(ends[0], -1));
    const Ending ending = wait_for(child, command.front());
    if (ending.code != 0) throw InputError(command.front() + " " + to_string(ending));
  } catch (const std::system_error& e) {
    for (const int end : ends)
      if (end >= 0) ::close(end);
    throw InputError(e.what());
  }
  return text;
}

void allow_many_connections() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::max(files.rlim_cur, std::min<rlim_t>(files.rlim_max, 65'536));
  ::setrlimit(RLIMIT_NOFILE, &files);
}

void become(const std::vector<std::string>& command) {
  const std::vector<char*> argv = argv_of(command);
  ::execvp(argv.front(), argv.data());
  fail("start " + command.front(), errno);
}

}  // namespace wcam
