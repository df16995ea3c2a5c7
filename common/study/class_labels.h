// What the name of a photograph's file or folder says of its class, and which class of a network that is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

}  // namespace wcam
