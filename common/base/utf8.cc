#include "common/base/utf8.h"

#include <nlohmann/json.hpp>

#include "common/base/error.h"

namespace wcam {

bool is_utf8(const std::string& text) try {
  return !nlohmann::json(text).dump().empty();
} catch (const nlohmann::json::exception&) {
  return false;
}

std::string made_utf8(const std::string& text) {
  const auto dumped = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(dumped).get<std::string>();
}

void check_utf8(const std::filesystem::path& path) {
  if (!is_utf8(path.string()))
    throw InputError("the name of " + path.string() + " is not UTF-8: rename it, or the folder it is in");
}

}  // namespace wcam
