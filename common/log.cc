#include "common/log.h"

#include <spdlog/fmt/chrono.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>

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
    auto to_file =
        std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file->string(), file_bytes, kLogFiles - 1);
    to_file->set_formatter(std::make_unique<LineFormatter>());
    logger->sinks().push_back(std::move(to_file));
    to_people->set_level(spdlog::level::warn);
  } catch (const spdlog::spdlog_ex& e) {
    spdlog::warn("no log file: {}; what would go there follows here", e.what());
  }
}

}  // namespace wcam
