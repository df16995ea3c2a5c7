// Which corruptions the tests hold to the published ones.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace wcam::test {

inline const std::vector<std::string> kDeterministicCorruptions{
    "defocus-blur", "brightness", "jpeg", "saturate", "pixelate", "contrast", "gaussian-blur", "zoom-blur"};

inline const std::vector<std::string> kRandomCorruptions{"motion-blur", "glass-blur",
                                                         "elastic-transformation"};

inline std::vector<std::string> all_corruptions() {
  std::vector<std::string> all = kDeterministicCorruptions;
  all.insert(all.end(), kRandomCorruptions.begin(), kRandomCorruptions.end());
  return all;
}

// ImageNet-C's spelling.
inline std::string published_name(std::string name) {
  if (name == "jpeg") return "jpeg_compression";
  if (name == "elastic-transformation") return "elastic_transform";
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace wcam::test
