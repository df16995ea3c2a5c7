#include "worker/models/labelled_photographs.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/base/sha256.h"
#include "common/command_line/options.h"
#include "common/study/class_names.h"
#include "common/study/image_files.h"
#include "worker/models/imagenet.h"

namespace fs = std::filesystem;

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

LabelledPhotographs::LabelledPhotographs(fs::path folder, std::size_t most,
                                         std::vector<std::string> class_ids)
    : folder_(std::move(folder)), most_(most), class_ids_(std::move(class_ids)) {
  std::map<std::string, Photograph> by_hash;
  for (const std::string& path : list_images(folder_)) {
    const std::string label = label_in_name(path);
    if (label.empty()) continue;
    by_hash[sha256_of(path)] = {path, label};
    ++labels_[label];
  }
  if (by_hash.empty())
    throw InputError(
        "--labelled " + folder_.string() +
        ": no photograph lies in a folder named after its class or is named like n01443537_goldfish.JPEG");
  for (auto& [hash, photograph] : by_hash) photographs_.push_back(std::move(photograph));
}

ClassLabels LabelledPhotographs::meaning(const CaseSpec& spec, std::int64_t classes) const {
  if (!class_ids_.empty() && std::ssize(class_ids_) != classes)
    throw InputError(fmt::format("--class-ids has {}, the case has {} classes",
                                 counted(std::ssize(class_ids_), "line"), classes));
  std::vector<std::string> labels;
  for (const auto& [label, photographs] : labels_) labels.push_back(label);
  return {classes, class_ids_, spec.classes, std::move(labels)};
}

LabelledPhotographs::Labelled LabelledPhotographs::labelled(const CaseSpec& spec,
                                                            const ClassLabels& meaning) {
  std::map<std::string, std::int64_t> known;
  cases_.push_back(spec.name);
  for (const auto& [label, photographs] : labels_)
    if (const auto place_found = meaning.find(label))
      known[label] = *place_found;
    else
      strange_[label].push_back(spec.name);
  Labelled usable;
  for (const Photograph& photograph : photographs_) {
    if (usable.images.size() == most_) break;
    const auto label = known.find(photograph.label);
    const RgbImage* image = label != known.end() ? decoded(photograph.path, spec) : nullptr;
    if (image == nullptr) continue;
    usable.images.push_back(*image);
    usable.labels.push_back(label->second);
  }
  if (known.empty())
    throw InputError("no photograph of " + folder_.string() +
                     " has a label that is a class of this case: name folders by WordNet id, class name or "
                     "class index, or list their names with --class-ids");
  if (usable.images.empty()) throw InputError("no photograph of " + folder_.string() + " can be decoded");
  return usable;
}

std::vector<std::string> LabelledPhotographs::left_out() const {
  constexpr std::size_t kNamed = 5;
  std::map<std::vector<std::string>, std::vector<std::string>> by_cases;
  for (const auto& [label, cases] : strange_) by_cases[cases].push_back("'" + label + "'");
  std::vector<std::string> sentences;
  for (auto& [cases, labels] : by_cases) {
    std::int64_t photographs = 0;
    for (const std::string& label : labels) photographs += labels_.at(label.substr(1, label.size() - 2));
    const bool one = labels.size() == 1;
    if (labels.size() > kNamed) {
      labels[kNamed] = fmt::format("and {} more", labels.size() - kNamed);
      labels.resize(kNamed + 1);
    }
    const std::string of = cases == cases_ ? "" : " of case " + joined(cases);
    sentences.push_back(fmt::format("{} {}{}: {} left out", joined(labels),
                                    one ? "is no class" : "are no classes", of,
                                    counted(photographs, "photograph")));
  }
  for (const auto& [path, reason] : undecodable_) sentences.push_back(reason + ": left out");
  return sentences;
}

const RgbImage* LabelledPhotographs::decoded(const std::string& path, const CaseSpec& spec) {
  const std::pair size(spec.resize, spec.input_size);
  if (std::exchange(size_, size) != size) images_.clear();
  if (undecodable_.contains(path)) return nullptr;
  if (const auto known = images_.find(path); known != images_.end()) return &known->second;
  try {
    return &(images_[path] = resize_and_crop(decode_image(folder_ / path), spec.resize, spec.input_size));
  } catch (const InputError& e) {
    images_.erase(path);
    undecodable_[path] = e.what();
    return nullptr;
  }
}

}  // namespace wcam
