#include "worker/labelled_photographs.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "common/options.h"
#include "worker/imagenet.h"

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
                         const std::vector<std::string>& names, std::vector<std::string> labels)
    : classes_(classes), ids_(std::move(class_ids)) {
  for (const std::string& name : names) names_.push_back(comparable(name));
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
  const std::string wanted = comparable(label);
  // The whole line first: the words of one class may be a name of another ("maillot", "maillot, tank suit").
  if (const auto whole = place(names_, wanted)) return whole;
  for (std::size_t c = 0; c < names_.size(); ++c)
    for (const std::string& synonym : split_list(names_[c]))
      if (comparable(synonym) == wanted) return static_cast<std::int64_t>(c);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), number);
  const bool is_class =
      error == std::errc() && end == label.data() + label.size() && number >= 0 && number < classes_;
  return is_class ? std::optional(number) : std::nullopt;
}

}  // namespace wcam
