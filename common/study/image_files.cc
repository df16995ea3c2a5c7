#include "common/study/image_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/base/error.h"
#include "common/base/utf8.h"
#include "common/study/pointer_file.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

constexpr std::array<std::string_view, 7> kEndings{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"};
// Other names of JPEG, and none: the content decides.
constexpr std::array<std::string_view, 6> kPerhapsJpeg{".jfif", ".jpe", ".jif", ".pjpeg", ".pjp", ""};

template <int (*Change)(int)>
std::string in_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(Change(c)); });
  return text;
}

template <typename Endings>
bool ends_in(const Endings& endings, const fs::path& file) {
  const std::string ending = in_case<std::tolower>(file.extension().string());
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

bool is_hidden(const fs::path& file) { return file.filename().string().front() == '.'; }

bool is_file(const fs::path& file) {
  std::error_code not_there;
  return fs::is_regular_file(file, not_there);
}

bool is_folder(const fs::path& path) {
  std::error_code not_there;
  return fs::is_directory(path, not_there);
}

// The first bytes of a file; fewer, or none, where it has no more or cannot be read.
std::string beginning_of(const fs::path& file, std::size_t bytes) {
  std::string start(bytes, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(start.data(), static_cast<std::streamsize>(bytes));
  start.resize(static_cast<std::size_t>(in.gcount()));
  return start;
}

bool may_be_image(const fs::path& file) { return ends_in(kEndings, file) || ends_in(kPerhapsJpeg, file); }

// Whether a regular file is one by its name, or by its content where the name leaves it open.
bool is_image(const fs::path& file) {
  if (ends_in(kEndings, file)) return true;
  return ends_in(kPerhapsJpeg, file) && beginning_of(file, 3) == "\xff\xd8\xff";
}

// The first entry of a folder that is wanted, in the order of the file system; nullopt: none, or unreadable.
template <typename IsWanted>
std::optional<fs::path> first_in(const fs::path& folder, const IsWanted& is_wanted) {
  std::error_code unreadable;
  for (auto entry = fs::directory_iterator(folder, unreadable);
       !unreadable && entry != fs::directory_iterator(); entry.increment(unreadable))
    if (is_wanted(entry->path())) return entry->path();
  return std::nullopt;
}

// The folder below `folder` with this relative path, or one that differs in how accents are written alone.
std::optional<fs::path> find_folder(const fs::path& folder, const fs::path& below) {
  if (fs::path exact = folder / below; is_folder(exact)) return exact;
  std::optional<fs::path> found = folder;
  for (const fs::path& part : below) {
    const std::string name = composed(part.string());
    found = first_in(*found, [&name](const fs::path& entry) {
      return composed(entry.filename().string()) == name && is_folder(entry);
    });
    if (!found) break;
  }
  return found;
}

// A walk through a folder and those in it.
class Walk {
 public:
  Walk(const fs::path& root, NotTaken& not_taken) : root_(root), not_taken_(not_taken) {}

  // Throws std::filesystem::filesystem_error.
  std::vector<std::string> images() {
    look_into(root_);
    std::sort(images_.begin(), images_.end());
    return std::move(images_);
  }

 private:
  void look_into(const fs::path& folder) {
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    if (error && folder != root_) return leave(NotTaken::Why::kUnreadable, folder, error.message());
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) look_at(*entry);
    if (error) throw fs::filesystem_error("cannot list", folder, error);
  }

  void look_at(const fs::directory_entry& entry) {
    const fs::path& path = entry.path();
    if (is_hidden(path)) return leave(NotTaken::Why::kHidden, path);
    if (is_of_a_system(path.filename().string())) return leave(NotTaken::Why::kOfASystem, path);
    std::error_code error;
    if (entry.is_directory(error))
      return entry.is_symlink() ? leave(NotTaken::Why::kFolderLink, path) : look_into(path);
    // As far as the listing tells, nothing more is asked: of millions of files on a network.
    const fs::file_status status =
        entry.is_regular_file(error) ? fs::file_status(fs::file_type::regular) : entry.status(error);
    if (status.type() == fs::file_type::none) return leave(NotTaken::Why::kUnreadable, path, error.message());
    if (!may_be_image(path)) return leave(NotTaken::Why::kOfAnEnding, path);
    if (status.type() == fs::file_type::not_found) return leave(NotTaken::Why::kNotHere, path);
    if (!fs::is_regular_file(status)) return leave(NotTaken::Why::kNoFile, path);
    if (::eaccess(path.c_str(), R_OK) != 0)
      return leave(NotTaken::Why::kUnreadable, path, std::strerror(errno));
    if (is_pointer_file(path)) return leave(NotTaken::Why::kNotHere, path);
    if (!is_image(path)) return leave(NotTaken::Why::kOfAnEnding, path);
    images_.push_back(path.lexically_relative(root_).generic_string());
    check_utf8(images_.back());
  }

  void leave(NotTaken::Why why, const fs::path& path, const std::string& detail = "") {
    not_taken_.add(
        why, path.lexically_relative(root_).generic_string() + (detail.empty() ? "" : " (" + detail + ")"));
  }

  const fs::path& root_;
  NotTaken& not_taken_;
  std::vector<std::string> images_;
};

}  // namespace

std::vector<std::string> list_images(const fs::path& folder, NotTaken* not_taken) try {
  if (!fs::is_directory(folder)) throw InputError(folder.string() + " is not a folder");
  NotTaken others;
  std::vector<std::string> images = Walk(folder, others).images();
  if (images.empty())
    throw InputError("no image in " + folder.string() +
                     ": expected files ending in jpg, jpeg, png, webp, bmp, tif or tiff" +
                     (others.empty() ? "" : "; it holds " + others.text()));
  if (not_taken != nullptr) *not_taken = std::move(others);
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
  if (const fs::path file = start + likely_ending; is_file(file) && is_image(file)) return file;
  const auto in = [&start](const auto& endings) -> std::optional<fs::path> {
    for (const std::string_view ending : endings)
      for (const std::string& spelling : {std::string(ending), in_case<std::toupper>(std::string(ending))})
        if (const fs::path file = start + spelling; is_file(file) && is_image(file)) return file;
    return std::nullopt;
  };
  if (auto file = in(kEndings)) return file;
  if (auto file = in(kPerhapsJpeg)) return file;
  const auto holder = find_folder(folder, fs::path(stem).parent_path());
  if (!holder) return std::nullopt;
  const std::string name = composed(fs::path(stem).filename().string());
  return first_in(*holder, [&name](const fs::path& file) {
    return composed(image_stem(file.filename().string())) == name && is_file(file) && is_image(file);
  });
}

}  // namespace wcam
