#include "common/base/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
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

std::u32string characters(const std::string& text) {
  std::u32string all;
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (auto left = static_cast<utf8proc_ssize_t>(text.size()); left > 0;) {
    utf8proc_int32_t character = 0;
    const utf8proc_ssize_t bytes = utf8proc_iterate(at, left, &character);
    all += bytes > 0 ? static_cast<char32_t>(character) : U'\uFFFD';
    at += std::max<utf8proc_ssize_t>(bytes, 1);
    left -= std::max<utf8proc_ssize_t>(bytes, 1);
  }
  return all;
}

std::string composed(const std::string& text) {
  if (std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; })) return text;
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> joined(
      utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str())), &std::free);
  return joined ? reinterpret_cast<const char*>(joined.get()) : text;
}

void check_utf8(const std::filesystem::path& path) {
  if (!is_utf8(path.string()))
    throw InputError("the name of " + path.string() + " is not UTF-8: rename it, or the folder it is in");
}

}  // namespace wcam
