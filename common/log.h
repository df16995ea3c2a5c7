// One logger a process: to stderr for people, or to a file below SWEEP/logs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace wcam {

// Lines "2026-11-24 18:21:41.123 [program] level: text". With a file, everything goes there and only warnings
// and errors to stderr too. Use spdlog::info(...) etc. afterwards.
void start_logging(const std::string& program, const std::optional<std::filesystem::path>& file,
                   bool verbose);

}  // namespace wcam
