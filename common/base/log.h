// One logger a process: to stderr for people, or to a file below SWEEP/logs for scripts and people alike
// (docs/logs.md).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace wcam {

// Bounds of one process's log: bytes of a file, and number of files. The older ones are NAME.1.log, the
// youngest of them, NAME.2.log, ...
inline constexpr std::size_t kLogFileBytes = 10'000'000, kLogFiles = 5;

// With a file, everything goes there and only warnings and errors to stderr too. It is continued, and begun
// anew at `file_bytes`. Use spdlog::info(...) etc. afterwards. Never stops the process: a file that cannot be
// opened is warned of, and everything goes to stderr; of lines that cannot be written (a full disk) stderr is
// told once.
void start_logging(const std::string& program, const std::optional<std::filesystem::path>& file, bool verbose,
                   std::size_t file_bytes = kLogFileBytes);

// A line of a log file, newline included:
//   time=2026-11-24T18:21:41.123Z level=warning program=wcam-worker pid=4711 message="..."
// In the message '"' and '\' are escaped by '\', control characters as "\n", "\t" or "\x1b".
std::string log_line(std::chrono::system_clock::time_point time, std::string_view level,
                     std::string_view program, pid_t pid, std::string_view message);

// Adds to the end of another process's log a line of `program` about `pid`. A file that cannot be written
// stays as it is.
void append_to_log(const std::filesystem::path& file, std::string_view level, std::string_view program,
                   pid_t pid, std::string_view message);

}  // namespace wcam
