#include "coordinator/study/true_labels.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <unordered_map>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/utf8.h"
#include "common/study/class_labels.h"
#include "coordinator/study/variant_matching.h"

namespace wcam {

namespace {

using Labels = std::unordered_map<std::string, std::string>;  // by composed() path

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r"), end = text.find_last_not_of(" \t\r");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

Labels read_labels(const std::filesystem::path& file) {
  Labels labels;
  std::istringstream lines(read_file(file));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string where = file.string() + ", line " + std::to_string(number) + ": ";
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    const auto tab = line.find('\t');
    const auto separator = tab != std::string::npos ? tab : line.find_last_of(", ");
    if (separator == std::string::npos)
      throw InputError(where + "'" + line + "' is no image and label, separated by a tab");
    const std::string image = trimmed(line.substr(0, separator)), label = trimmed(line.substr(separator + 1));
    if (image.empty() || label.empty()) throw InputError(where + "an image or a label is missing");
    const auto [known, is_new] = labels.emplace(composed(image), label);
    if (!is_new && known->second != label)
      throw InputError(where + "'" + image + "' has label '" + label + "' here and '" + known->second +
                       "' before");
  }
  return labels;
}

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// One label an image, in the plan's order.
std::vector<std::string> labels_in_file(const Plan& plan, const std::filesystem::path& file) {
  const Labels given = read_labels(file);
  std::map<std::string, int> names;
  for (const PlannedImage& image : plan.images) ++names[file_name(image.path)];
  std::vector<std::string> labels, lacking;
  for (const PlannedImage& image : plan.images) {
    auto found = given.find(composed(image.path));
    if (const std::string name = file_name(image.path); found == given.end() && names[name] == 1)
      found = given.find(composed(name));
    if (found == given.end())
      lacking.push_back(image.path);
    else
      labels.push_back(found->second);
  }
  if (!lacking.empty())
    throw InputError("--labels " + file.string() + " has no label of " + counted(lacking.size(), "image") +
                     ": " + first_of(lacking, lacking.size()));
  return labels;
}

std::vector<std::string> labels_in_names(const Plan& plan) {
  std::vector<std::string> labels, lacking;
  for (const PlannedImage& image : plan.images) {
    labels.push_back(label_in_name(image.path));
    if (labels.back().empty()) lacking.push_back(image.path);
  }
  if (!lacking.empty())
    throw InputError("--labels " + std::string(kLabelsInNames) + ": " + counted(lacking.size(), "image") +
                     " in no folder named after a class and not named like n01443537_goldfish.JPEG: " +
                     first_of(lacking, lacking.size()));
  return labels;
}

// The class of each label in `words` under one case.
std::map<std::string, std::int64_t> classes_of(const CaseSpec& spec, const std::set<std::string>& words,
                                               const Say& say) {
  const auto classes =
      spec.classes.empty() ? std::numeric_limits<std::int64_t>::max() : std::ssize(spec.classes);
  // Without the labels, or as many as classes would be counted in order: a guess that nobody would look at
  // here.
  const ClassLabels meaning(classes, {}, spec.classes, {});
  if (const std::string odd = meaning.misnamed(); !odd.empty()) say("case " + spec.name + ": " + odd);
  std::map<std::string, std::int64_t> found;
  std::vector<std::string> strange;
  for (const std::string& word : words)
    if (const auto label = meaning.find(word))
      found[word] = *label;
    else
      strange.push_back("'" + word + "'");
  if (!strange.empty())
    throw InputError(
        "--labels: " + first_of(strange, strange.size()) +
        (strange.size() == 1 ? " is no class" : " are no classes") + " of case " + spec.name +
        (spec.classes.empty()
             ? ", which has no names of classes: give numbers from 0, or \"classes\" in models.json"
             : ": give WordNet ids, names in its classes file, or numbers from 0"));
  return found;
}

}  // namespace

void set_true_labels(Plan& plan, const std::filesystem::path& labels, const Say& say) {
  const std::vector<std::string> words =
      labels == kLabelsInNames ? labels_in_names(plan) : labels_in_file(plan, labels);
  const std::set<std::string> distinct(words.begin(), words.end());
  const CaseSpec& first = plan.cases.front();
  const std::map<std::string, std::int64_t> meaning = classes_of(first, distinct, say);
  for (const CaseSpec& spec : plan.cases) {
    if (spec.classes == first.classes) continue;
    for (const auto& [word, label] : classes_of(spec, distinct, say))
      if (label != meaning.at(word))
        throw InputError("--labels: '" + word + "' is class " + std::to_string(meaning.at(word)) +
                         " of case " + first.name + " and class " + std::to_string(label) + " of case " +
                         spec.name + ": cases that count classes otherwise have no true label in common");
  }
  for (std::size_t i = 0; i < words.size(); ++i) plan.images[i].true_label = meaning.at(words[i]);
}

}  // namespace wcam
