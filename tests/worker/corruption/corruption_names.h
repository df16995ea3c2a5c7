// Which corruptions the tests hold to the published ones.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "common/study/perturbation.h"

namespace wcam::test {

inline const std::vector<std::string> kDeterministicCorruptions{
    "defocus-blur", "brightness", "jpeg", "saturate", "pixelate", "contrast", "gaussian-blur", "zoom-blur"};

inline std::vector<std::string> random_corruptions() {
  std::vector<std::string> names = corruption_names();
  std::erase_if(names, [](const std::string& name) {
    return std::find(kDeterministicCorruptions.begin(), kDeterministicCorruptions.end(), name) !=
           kDeterministicCorruptions.end();
  });
  return names;
}

// ImageNet-C's spelling.
inline std::string published_name(std::string name) {
  if (name == "jpeg") return "jpeg_compression";
  if (name == "elastic-transformation") return "elastic_transform";
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace wcam::test
