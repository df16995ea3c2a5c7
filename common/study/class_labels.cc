#include "common/study/class_labels.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

#include "common/command_line/options.h"
#include "common/study/case_spec.h"
#include "common/study/class_names.h"
#include "common/study/imagenet.h"

namespace wcam {

namespace {

std::string comparable(std::string name) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  name.erase(name.begin(), std::find_if_not(name.begin(), name.end(), is_space));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '_' ? ' ' : static_cast<char>(std::tolower(c)); });
  return name;
}

std::optional<std::int64_t> place(const std::vector<std::string>& list, const std::string& entry) {
  const auto found = std::find(list.begin(), list.end(), entry);
  return found == list.end() ? std::nullopt : std::optional<std::int64_t>(found - list.begin());
}

}  // namespace

std::string label_in_name(const std::string& path) {
  const std::filesystem::path file = path;
  const std::string name = file.filename().string(), prefix = name.substr(0, name.find('_'));
  return wordnet_id(prefix) ? prefix : file.parent_path().filename().string();
}

ClassLabels::ClassLabels(std::int64_t classes, std::vector<std::string> class_ids,
                         std::vector<std::string> names, std::vector<std::string> labels)
    : classes_(classes), ids_(std::move(class_ids)), names_(std::move(names)) {
  for (const std::string& name : names_) {
    synonyms_.push_back({comparable(name)});
    for (const std::string& synonym : split_list(name)) synonyms_.back().push_back(comparable(synonym));
  }
  ranked_ = labels.empty() || std::any_of(labels.begin(), labels.end(), [](const std::string& label) {
              return wordnet_id(label).has_value();
            });
  if (!ids_.empty()) return;
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  const bool all_known = std::all_of(labels.begin(), labels.end(),
                                     [this](const std::string& label) { return find(label).has_value(); });
  if (all_known) return;
  if (std::ssize(labels) == classes) ids_ = std::move(labels);
}

std::optional<std::int64_t> ClassLabels::find(const std::string& label) const {
  return ids_.empty() ? by_meaning(label) : place(ids_, label);
}

std::optional<std::int64_t> ClassLabels::by_meaning(const std::string& label) const {
  if (const auto synset = wordnet_id(label); synset && classes_ == std::int64_t{kImageNetClasses})
    return imagenet_class(*synset);
  const std::vector<std::int64_t> named = with_name(label);
  if (!named.empty()) return named.size() == 1 ? std::optional(named.front()) : std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), number);
  const bool is_class =
      error == std::errc() && end == label.data() + label.size() && number >= 0 && number < classes_;
  return is_class ? std::optional(number) : std::nullopt;
}

// The classes whose whole line it is: the words of one class may be a name of another ("maillot", "maillot,
// tank suit"). Where there are none, those one of whose synonyms it is.
std::vector<std::int64_t> ClassLabels::with_name(const std::string& name) const {
  const std::string wanted = comparable(name);
  std::vector<std::int64_t> whole, part;
  for (std::size_t c = 0; c < synonyms_.size(); ++c) {
    if (synonyms_[c].front() == wanted) whole.push_back(static_cast<std::int64_t>(c));
    if (place(synonyms_[c], wanted)) part.push_back(static_cast<std::int64_t>(c));
  }
  return whole.empty() ? part : whole;
}

std::vector<ClassLabels::Named> ClassLabels::known_otherwise() const {
  std::vector<Named> known;
  for (std::size_t i = 0; i < ids_.size(); ++i)
    known.push_back({static_cast<std::int64_t>(i), ids_[i], "the labels' order"});
  if (!ranked_) return known;
  const auto marks = imagenet_landmarks();
  const auto named = std::count_if(marks.begin(), marks.end(), [this](const ImageNetLandmark& mark) {
    return !with_name(std::string(mark.name)).empty();
  });
  if (ids_.empty() && 2 * named < std::ssize(marks)) return known;  // names of something else than ImageNet
  for (const auto& [synset, name] : marks)
    if (const auto rank = find(fmt::format("n{:08}", synset)))
      known.push_back({*rank, std::string(name), "ImageNet's order"});
  return known;
}

std::string ClassLabels::misnamed() const {
  int right = 0, wrong = 0;
  std::string example;
  for (const auto& [place_known, name, source] : known_otherwise()) {
    const auto own = static_cast<std::size_t>(place_known);
    if (own < synonyms_.size() && place(synonyms_[own], comparable(name))) {
      ++right;
      continue;
    }
    const std::vector<std::int64_t> named = with_name(name);
    if (named.empty() || wrong++ > 0) continue;
    example = fmt::format(
        "class {} is '{}' by {}, '{}' in its classes file, which has '{}' as class {}: is one of the two in "
        "another order? Figures show the file's names",
        place_known, name, source, class_name(names_, place_known), name, named.front());
  }
  return wrong > right ? example : "";
}

}  // namespace wcam
