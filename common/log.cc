#include "common/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "common/error.h"

namespace wcam {

void start_logging(const std::string& program, const std::optional<std::filesystem::path>& file,
                   bool verbose) try {
  auto to_people = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>(program, to_people);
  if (file) {
    to_people->set_level(spdlog::level::warn);
    logger->sinks().push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file->string()));
  }
  logger->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  logger->flush_on(spdlog::level::info);
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e [%n %P] %l: %v");
  spdlog::set_default_logger(std::move(logger));
} catch (const spdlog::spdlog_ex& e) {
  throw InputError(std::string("cannot log: ") + e.what());
}

}  // namespace wcam
