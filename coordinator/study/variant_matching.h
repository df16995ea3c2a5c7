// Which file of each variant belongs to which image, and what is missing or left over. Names alone, no disk.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace wcam {

inline constexpr std::size_t kShownOfAList = 20;  // of thousands, people need the first

// "a, b and 3 more": the first kShownOfAList of `count` words; `words` need hold no more than these.
std::string first_of(const std::vector<std::string>& words, std::size_t count);

// Whether a path of list_images() lies in a folder below the one listed.
bool is_nested(const std::string& path);

// Files belong to an image when they have its path below their folder, whatever the ending and however
// accents are written (macOS takes them apart). Where one side has all its files in one folder and the other
// has folders inside, as ImageNet's classes, the name alone decides.
class VariantMatcher {
 public:
  // images: as list_images() gives them. Throws InputError naming both when two differ in the ending
  // or in how accents are written alone.
  explicit VariantMatcher(std::vector<std::string> images);

  // Adds the files of one variant, as list_images() gives them. Throws InputError naming both when two of
  // them would belong to one image.
  void add(const std::string& variant, const std::vector<std::string>& files);

  // Variants of which the same `count` paths are missing or left over; `paths` holds the first kShownOfAList.
  struct Oddity {
    std::vector<std::string> variants;
    std::size_t count = 0;
    std::vector<std::string> paths;
  };
  const std::vector<Oddity>& missing() const { return missing_; }  // images without a file
  const std::vector<Oddity>& extra() const { return extra_; }      // files without an image

  struct Match {
    std::string image;
    std::string stem;  // PlannedImage::variant_stem
  };
  // The images that every variant added so far has, in their order.
  std::vector<Match> complete() const;

 private:
  struct Image {
    std::string path, key, stem;
    bool complete = true;
  };
  std::string key_of(const std::string& path) const;
  void set_keys();

  std::vector<Image> images_;
  bool by_name_ = false;  // as the first variant's files show
  bool begun_ = false;
  std::vector<Oddity> missing_, extra_;
};

// "23 images in editing/a, editing/b: x.png, y.png and 21 more", what is counted being `what` ("image").
std::string describe(const VariantMatcher::Oddity& oddity, const std::string& what);

}  // namespace wcam
