#include "common/base/format_version.h"

#include "common/base/version.h"

namespace wcam {

void check_format_version(const std::string& file, const std::string& what, std::int64_t found,
                          std::int64_t oldest, std::int64_t newest, const std::string& writer) {
  if (found >= oldest && found <= newest) return;
  const std::string read =
      oldest == newest ? std::to_string(newest) : std::to_string(oldest) + " to " + std::to_string(newest);
  const std::string needed = writer.empty() ? "the version of wcam that wrote it" : "wcam " + writer;
  const std::string text = file + " has " + what + " " + std::to_string(found) + ", this is wcam " +
                           kVersion + ", which reads " + read + ": use " + needed +
                           (found > newest ? " or a later one" : "");
  if (found > newest) throw NewerFormat(text);
  throw InputError(text);
}

}  // namespace wcam
