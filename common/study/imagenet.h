// ImageNet's 1,000 classes (ILSVRC 2012): which WordNet id is which class.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace wcam {

inline constexpr std::size_t kImageNetClasses = 1'000;

// Offsets of the classes' noun synsets in WordNet 3.0, by class index: 1440764 for class 0, "n01440764", the
// tench. Ascending, since a class's index is the rank of its id.
std::span<const std::uint32_t, kImageNetClasses> imagenet_synsets();

// Classes that have one name only in any list of ImageNet's classes and are spread over its order.
struct ImageNetLandmark {
  std::uint32_t synset;
  std::string_view name;
};
std::span<const ImageNetLandmark> imagenet_landmarks();

// Class index 0 to 999; nullopt when no class has this synset.
std::optional<std::int64_t> imagenet_class(std::uint32_t synset);

}  // namespace wcam
