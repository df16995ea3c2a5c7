#include "common/study/not_taken.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "common/base/message_text.h"
#include "common/base/utf8.h"
#include "common/study/pointer_file.h"

namespace wcam {

namespace {

// The first few, of thousands.
std::string some(std::vector<std::string> names) {
  constexpr std::size_t kShown = 10;
  std::sort(names.begin(), names.end());
  return first_few(names, kShown);
}

std::string by_ending(const std::vector<std::string>& names) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& name : names) ++counts[std::filesystem::path(name).extension().string()];
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  constexpr std::size_t kShown = 10;
  std::vector<std::string> words;
  std::size_t others = 0;
  for (const auto& [ending, count] : sorted)
    if (words.size() < kShown)
      words.push_back(std::to_string(count) + (ending.empty() ? " without one" : " " + ending));
    else
      others += count;
  return "by ending: " + joined(words) + (others == 0 ? "" : " and " + std::to_string(others) + " others");
}

std::string text_of(NotTaken::Why why, const std::vector<std::string>& names) {
  switch (why) {
    case NotTaken::Why::kNotHere:
      return std::to_string(names.size()) + " whose content is not here: " + some(names) + " (" +
             kFetchesContent + " fetch such; in a container, bind the folder that the links lead to)";
    case NotTaken::Why::kUnreadable:
      return std::to_string(names.size()) + " that cannot be read: " + some(names);
    case NotTaken::Why::kFolderLink:
      return std::to_string(names.size()) + (names.size() == 1 ? " link to a folder" : " links to folders") +
             ", not followed: " + some(names);
    case NotTaken::Why::kOfASystem:
      return counted(names.size(), "folder") + " of a system: " + some(names);
    case NotTaken::Why::kNoFile:
      return std::to_string(names.size()) + " of another kind: " + some(names);
    case NotTaken::Why::kNoFolder:
      return counted(names.size(), "file") + " beside the folders: " + some(names);
    case NotTaken::Why::kHidden:
      return std::to_string(names.size()) + " hidden";
    case NotTaken::Why::kOfAnEnding:
      return by_ending(names);
  }
  return "";
}

}  // namespace

void NotTaken::add(Why why, const std::string& name) { names_[why].push_back(made_utf8(name)); }

void NotTaken::add(const NotTaken& others, const std::filesystem::path& folder) {
  for (const auto& [why, names] : others.names_)
    for (const std::string& name : names) names_[why].push_back((folder / name).generic_string());
}

std::string NotTaken::text() const {
  std::string line;
  for (const auto& [why, names] : names_) line += (line.empty() ? "" : "; ") + text_of(why, names);
  return line;
}

bool is_of_a_system(const std::string& name) {
  constexpr std::array<std::string_view, 14> kNames{"@eadir",
                                                    "@tmp",
                                                    "@recycle",
                                                    "@recently-snapshot",
                                                    "#recycle",
                                                    "#snapshot",
                                                    "~snapshot",
                                                    "lost+found",
                                                    "__macosx",
                                                    "$recycle.bin",
                                                    "found.000",
                                                    "$extend",
                                                    "network trash folder",
                                                    "system volume information"};
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kNames.begin(), kNames.end(), lower) != kNames.end();
}

}  // namespace wcam
