#include "common/utf8.h"

#include <nlohmann/json.hpp>

#include "common/error.h"

namespace wcam {

bool is_utf8(const std::string& text) try {
  return !nlohmann::json(text).dump().empty();
} catch (const nlohmann::json::exception&) {
  return false;
}

void check_utf8(const std::filesystem::path& path) {
  if (!is_utf8(path.string()))
    throw InputError("the name of " + path.string() + " is not UTF-8: rename it, or the folder it is in");
}

}  // namespace wcam
