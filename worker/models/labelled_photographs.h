// Photographs whose class the name of their file or folder tells, as networks see them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/study/case_spec.h"
#include "common/study/class_labels.h"
#include "worker/images/image.h"

namespace wcam {

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
