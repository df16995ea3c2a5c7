#include "worker/models/labelled_photographs.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/base/sha256.h"
#include "common/study/image_files.h"

namespace fs = std::filesystem;

namespace wcam {

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
