#include "common/study/pointer_file.h"

#include <array>
#include <fstream>
#include <system_error>

namespace wcam {

namespace {

constexpr std::size_t kLongest = 1024;

}  // namespace

bool is_pointer_text(std::string_view content) {
  return content.size() <= kLongest && (content.starts_with("version https://git-lfs.github.com/") ||
                                        content.starts_with("/annex/objects/"));
}

bool is_pointer_file(const std::filesystem::path& file) {
  std::error_code unknown;
  if (const auto size = std::filesystem::file_size(file, unknown); unknown || size > kLongest) return false;
  std::array<char, kLongest> content{};
  std::ifstream in(file, std::ios::binary);
  in.read(content.data(), content.size());
  return is_pointer_text(std::string_view(content.data(), static_cast<std::size_t>(in.gcount())));
}

}  // namespace wcam
