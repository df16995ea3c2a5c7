#include "common/base/log.h"

#include <fcntl.h>
#include <spdlog/fmt/chrono.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>

namespace wcam {

namespace {

using std::chrono::milliseconds;

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\')
      result += {'\\', c};
    else if (c == '\n')
      result += "\\n";
    else if (c == '\t')
      result += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    else
      result += c;
  }
  return result;
}

class LineFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto view = [](const auto& text) { return std::string_view(text.data(), text.size()); };
    const std::string line = log_line(message.time, view(spdlog::level::to_string_view(message.level)),
                                      view(message.logger_name), ::getpid(), view(message.payload));
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<LineFormatter>(); }
};

// Results do not depend on the log: the process goes on.
void tell_once(const std::string& what) {
  static std::atomic<bool> told = false;
  if (!told.exchange(true)) std::fprintf(stderr, "lines of the log are lost: %s\n", what.c_str());
}

// spdlog's own rotating sink has no file at all, and writes to it, once a new one could not be opened. This
// one stays with what it has.
class RotatingFile : public spdlog::sinks::base_sink<std::mutex> {
 public:
  RotatingFile(std::filesystem::path file, std::size_t most_bytes)
      : spdlog::sinks::base_sink<std::mutex>(std::make_unique<LineFormatter>()),
        file_(std::move(file)),
        most_bytes_(most_bytes) {
    open();
  }
  ~RotatingFile() override { ::close(fd_); }
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (bytes_ > 0 && bytes_ + line.size() > most_bytes_) begin_anew();
    bytes_ += line.size();
    for (const char *at = line.data(), *end = at + line.size(); at < end;) {
      const ssize_t written = ::write(fd_, at, static_cast<std::size_t>(end - at));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw spdlog::spdlog_ex("cannot write " + file_.string(), errno);
      at += written;
    }
  }
  void flush_() override {}  // written is written

 private:
  // Appending: `wcam` adds a line on how the process ended.
  void open() {
    const int fd = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) throw spdlog::spdlog_ex("cannot open " + file_.string(), errno);
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
    struct stat status {};
    bytes_ = ::fstat(fd_, &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
  }

  std::filesystem::path older(std::size_t number) const {
    std::filesystem::path name = file_;
    if (number > 0) name.replace_extension("." + std::to_string(number) + file_.extension().string());
    return name;
  }

  // If that fails the next attempt is as many bytes away.
  void begin_anew() {
    for (std::size_t n = kLogFiles - 1; n > 0; --n) {
      std::error_code ignored;
      std::filesystem::rename(older(n - 1), older(n), ignored);
    }
    bytes_ = 0;
    try {
      open();
    } catch (const spdlog::spdlog_ex& e) {
      std::fprintf(stderr, "the log goes on in %s: %s\n", older(1).c_str(), e.what());
    }
  }

  const std::filesystem::path file_;
  const std::size_t most_bytes_;
  int fd_ = -1;
  std::size_t bytes_ = 0;
};

}  // namespace

std::string log_line(std::chrono::system_clock::time_point time, std::string_view level,
                     std::string_view program, pid_t pid, std::string_view message) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto past = std::chrono::duration_cast<milliseconds>(time - second).count();
  return fmt::format("time={:%Y-%m-%dT%H:%M:%S}.{:03}Z level={} program={} pid={} message=\"{}\"\n",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(second)), past, level, program, pid,
                     escaped(message));
}

void append_to_log(const std::filesystem::path& file, std::string_view level, std::string_view program,
                   pid_t pid, std::string_view message) {
  std::ofstream(file, std::ios::app) << log_line(std::chrono::system_clock::now(), level, program, pid,
                                                 message)
                                     << std::flush;
}

void start_logging(const std::string& program, const std::optional<std::filesystem::path>& file, bool verbose,
                   std::size_t file_bytes) {
  auto to_people = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  to_people->set_pattern("%Y-%m-%d %H:%M:%S.%e [%n %P] %l: %v");
  auto logger = std::make_shared<spdlog::logger>(program, to_people);
  logger->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  logger->flush_on(logger->level());
  logger->set_error_handler(tell_once);
  spdlog::set_default_logger(logger);
  if (!file) return;
  try {
    logger->sinks().push_back(std::make_shared<RotatingFile>(*file, file_bytes));
    to_people->set_level(spdlog::level::warn);
  } catch (const spdlog::spdlog_ex& e) {
    spdlog::warn("no log file: {}; what would go there follows here", e.what());
  }
}

}  // namespace wcam
