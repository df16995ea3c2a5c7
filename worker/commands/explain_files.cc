#include "worker/commands/explain_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/utf8.h"
#include "common/command_line/suggestion.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

constexpr std::string_view kImage = "{image}";  // in --figure

using FileId = std::pair<dev_t, ino_t>;

// Which file a path leads to; nullopt: none that is there.
std::optional<FileId> file_at(const fs::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileId(found.st_dev, found.st_ino);
}

bool same_file(const fs::path& a, const fs::path& b) {
  const std::optional<FileId> file = file_at(a);
  return a == b || (file && file == file_at(b));
}

bool lies_below(const fs::path& folder, const fs::path& file) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

// Fills root and names: those of one folder are plain names, others begin where their ways part.
void name_images(ExplainFiles& files) {
  std::vector<fs::path> images = files.images;
  const auto elsewhere = [&](const fs::path& image) {
    return image.parent_path() != images.front().parent_path();
  };
  if (std::any_of(images.begin(), images.end(), elsewhere))
    for (fs::path& image : images) image = fs::absolute(image).lexically_normal();
  files.root = images.front().parent_path();
  const auto outside = [&](const fs::path& image) { return !lies_below(files.root, image); };
  while (std::any_of(images.begin(), images.end(), outside)) files.root = files.root.parent_path();
  std::set<std::string> names;
  for (const fs::path& image : images) {
    files.names.push_back(image.lexically_relative(files.root).string());
    if (!names.insert(files.names.back()).second)
      throw UsageError("the image " + image.string() + " is given twice");
  }
}

void refuse_unknown_placeholders(const std::string& pattern) {
  static const std::regex placeholder(R"(\{[a-z_]+\})");
  for (std::sregex_iterator word(pattern.begin(), pattern.end(), placeholder); word != std::sregex_iterator();
       ++word)
    if (word->str() != kImage)
      throw UsageError("--figure '" + pattern + "' has an unknown placeholder '" + word->str() + "'" +
                       but_known(word->str(), std::vector{kImage}));
}

bool is_figure(const fs::path& file) {
  const fs::path ending = file.extension();
  return ending == ".png" || ending == ".pdf" || ending == ".svg";
}

void name_figures(ExplainFiles& files, const std::string& pattern) {
  refuse_unknown_placeholders(pattern);
  if (!is_figure(pattern)) throw UsageError("--figure '" + pattern + "' must end in .png, .pdf or .svg");
  if (files.images.size() > 1 && pattern.find(kImage) == std::string::npos)
    throw UsageError("--figure " + pattern + " is one figure for " + counted(files.images.size(), "image") +
                     ": put {image} where the image's name shall stand, as in '{image}-wcam" +
                     fs::path(pattern).extension().string() + "'");
  std::map<fs::path, fs::path> images;  // by figure
  for (const fs::path& image : files.images) {
    const fs::path figure = boost::algorithm::replace_all_copy(pattern, kImage, image.stem().string());
    if (const auto [other, is_new] = images.emplace(figure, image); !is_new)
      throw UsageError("--figure " + pattern + " is the same for " + image.string() + " and " +
                       other->second.string() + ": rename one of them, or explain them one by one");
    files.figures.push_back(figure);
  }
}

// A file of the command that another would be written over.
struct Read {
  std::string option;
  fs::path file;
};

std::vector<Read> files_read(const ExplainFiles& files, const po::variables_map& values) {
  std::vector<Read> read;
  for (const fs::path& image : files.images) read.push_back({"image", image});
  for (const char* option : {"model", "models", "classes"})
    if (values.contains(option)) read.push_back({option, values[option].as<std::string>()});
  return read;
}

// Makes its folder too: '{image}.png' in a new one is a usual wish.
void check_can_hold(const fs::path& file) {
  if (file.has_parent_path()) make_directories(file.parent_path());
  check_can_write(file);
}

}  // namespace

ExplainFiles explain_files(const po::variables_map& values) {
  ExplainFiles files;
  for (const std::string& image : values["image"].as<std::vector<std::string>>())
    files.images.emplace_back(image);
  for (const fs::path& image : files.images) check_utf8(image);
  name_images(files);
  if (!values.contains("out") && !values.contains("figure"))
    throw UsageError("--out X.h5 or --figure X.png is missing: where shall the WCAM go?");
  if (values.contains("figure")) name_figures(files, values["figure"].as<std::string>());
  const std::vector<Read> read = files_read(files, values);
  if (values.contains("out")) {
    files.store = values["out"].as<std::string>();
    for (const Read& input : read)
      if (same_file(input.file, files.store))
        throw UsageError("--out " + files.store.string() + " would replace the file given as --" +
                         input.option);
    if (is_figure(files.store))
      throw UsageError("--out " + files.store.string() +
                       ": --out holds the WCAM as HDF5; a picture is --figure " + files.store.string());
    check_can_hold(files.store);
  }
  std::set<FileId> not_to_be_replaced;
  for (const Read& input : read)
    if (const auto file = file_at(input.file)) not_to_be_replaced.insert(*file);
  for (const fs::path& figure : files.figures) {
    const std::optional<FileId> there = file_at(figure);
    if ((there && not_to_be_replaced.contains(*there)) || same_file(files.store, figure))
      throw UsageError("--figure " + figure.string() + " would replace another file of this command");
    check_can_hold(figure);
  }
  return files;
}

}  // namespace wcam
