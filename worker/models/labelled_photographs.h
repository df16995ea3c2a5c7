// Photographs whose class the name of their file or folder tells, and which class of a network that is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/study/case_spec.h"
#include "worker/images/image.h"

namespace wcam {

// "n01443537" of "any/n01443537_goldfish.JPEG" and of "val/n01443537/0001.JPEG", "goldfish" of
// "goldfish/1.png": the WordNet id before the first '_' of the file's name, else the folder's name; empty for
// a file in no folder.
std::string label_in_name(const std::string& path);

// What labels mean to one network.
class ClassLabels {
 public:
  // class_ids: names of the folders in the order of the logits, classes of them; empty where there is no such
  // list. names: the case's class names, "goldfish, Carassius auratus"; may be empty. labels: all that are in
  // use; empty without photographs.
  ClassLabels(std::int64_t classes, std::vector<std::string> class_ids, std::vector<std::string> names,
              std::vector<std::string> labels);

  // The class that a label means. With class_ids it is the label's place there and nothing else. Otherwise,
  // in this order: the rank of a WordNet id among ImageNet's for a network of 1,000 classes; the class one of
  // whose names it is, whatever its case and with '_' for ' ', and none when two have that name ("crane"); a
  // number below `classes`; and where there are exactly as many labels as classes, of which some are none of
  // these, the place among the sorted ones, as torchvision's ImageFolder counts.
  std::optional<std::int64_t> find(const std::string& label) const;

  // A sentence when the names are in another order than the classes: most of the names that are known
  // otherwise, as labels in class_ids or in sorted order, and as those of two dozen ImageNet classes where
  // WordNet ids are labels or nothing is labelled, are in the list as another class's. Empty when they are
  // not, or none of those names is in the list.
  std::string misnamed() const;

 private:
  struct Named {
    std::int64_t place;
    std::string name, source;
  };

  std::optional<std::int64_t> by_meaning(const std::string& label) const;
  std::vector<std::int64_t> with_name(const std::string& name) const;
  std::vector<Named> known_otherwise() const;

  std::int64_t classes_;
  std::vector<std::string> ids_;                    // when not empty, the place of a label in it is its class
  std::vector<std::string> names_;                  // as given
  std::vector<std::vector<std::string>> synonyms_;  // [class], comparable(): the whole line, then its parts
  bool ranked_ = false;                             // ImageNet's ranks are the classes, as far as is known
};

// A folder of labelled photographs as networks see them.
class LabelledPhotographs {
 public:
  // Of each network at most `most` are used; class_ids as in ClassLabels. Throws InputError: no such folder,
  // no photograph with a label in it.
  LabelledPhotographs(std::filesystem::path folder, std::size_t most, std::vector<std::string> class_ids);

  // Throws InputError when there are class_ids, but not one for each class.
  ClassLabels meaning(const CaseSpec& spec, std::int64_t classes) const;

  struct Labelled {
    std::vector<RgbImage> images;
    std::vector<std::int64_t> labels;
  };
  // The photographs whose label is a class and that can be decoded, in the order of the SHA-256 of their
  // names, which is random and the same on every machine. Throws InputError when there are none.
  Labelled labelled(const CaseSpec& spec, const ClassLabels& meaning);

  // A sentence for each set of labels that were no class of some cases, and for each photograph that could
  // not be decoded.
  std::vector<std::string> left_out() const;

 private:
  struct Photograph {
    std::string path, label;
  };
  // The photograph as the case sees it; nullptr when it cannot be decoded.
  const RgbImage* decoded(const std::string& path, const CaseSpec& spec);

  std::filesystem::path folder_;
  std::size_t most_;
  std::vector<std::string> class_ids_;
  std::vector<Photograph> photographs_;
  std::map<std::string, std::int64_t> labels_;  // how many photographs have it
  std::pair<int, int> size_;                    // of images_
  std::map<std::string, RgbImage> images_;
  std::map<std::string, std::string> undecodable_;           // path to reason
  std::vector<std::string> cases_;                           // looked at
  std::map<std::string, std::vector<std::string>> strange_;  // label to the cases of which it is no class
};

}  // namespace wcam
