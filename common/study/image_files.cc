#include "common/study/image_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>

#include "common/base/error.h"
#include "common/base/utf8.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

constexpr std::array<std::string_view, 7> kEndings{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"};

template <int (*Change)(int)>
std::string in_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(Change(c)); });
  return text;
}

bool is_image_name(const fs::path& file) {
  const std::string ending = in_case<std::tolower>(file.extension().string());
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

bool is_hidden(const fs::path& file) { return file.filename().string().front() == '.'; }

bool is_file(const fs::path& file) {
  std::error_code not_there;
  return fs::is_regular_file(file, not_there);
}

}  // namespace

std::vector<std::string> list_images(const fs::path& folder) try {
  if (!fs::is_directory(folder)) throw InputError(folder.string() + " is not a folder");
  std::vector<std::string> images;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator();
       ++entry) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    if (!is_image_name(entry->path()) || !entry->is_regular_file()) continue;
    images.push_back(entry->path().lexically_relative(folder).generic_string());
    check_utf8(images.back());
  }
  if (images.empty())
    throw InputError(
        "no image in " + folder.string() +
        ": expected files ending in jpg, jpeg, png, webp, bmp, tif or tiff (folders in it that are links are "
        "not followed)");
  std::sort(images.begin(), images.end());
  return images;
} catch (const fs::filesystem_error& e) {
  throw InputError("cannot list the images below " + folder.string() + ": " + e.what());
}

std::string image_stem(const std::string& path) {
  return path.substr(0, path.size() - fs::path(path).extension().string().size());
}

std::optional<fs::path> find_image(const fs::path& folder, const std::string& stem,
                                   const std::string& likely_ending) {
  const std::string start = (folder / stem).string();
  if (const fs::path file = start + likely_ending; is_file(file)) return file;
  for (const std::string_view ending : kEndings)
    for (const std::string& spelling : {std::string(ending), in_case<std::toupper>(std::string(ending))})
      if (const fs::path file = start + spelling; is_file(file)) return file;
  std::error_code unreadable;
  for (auto entry = fs::directory_iterator(fs::path(start).parent_path(), unreadable);
       !unreadable && entry != fs::directory_iterator(); entry.increment(unreadable))
    if (is_image_name(entry->path()) &&
        image_stem(entry->path().filename().string()) == fs::path(start).filename().string() &&
        is_file(entry->path()))
      return entry->path();
  return std::nullopt;
}

}  // namespace wcam
