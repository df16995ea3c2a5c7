// Variants that lie on disk, as the cases see them: only the files that were planned.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/study/plan.h"
#include "worker/base/lru_cache.h"
#include "worker/images/image.h"
#include "worker/images/stage.h"

namespace wcam {

// To input_size x input_size: resized and cropped; in a family on disk, an image that has this size already
// is used as it is, source and variant alike, so that both show the same part of the scene.
RgbImage fit_source(const RgbImage& source, const Plan& plan);

// The same. ImageNet-C's were cropped when they were made: a square one of another size is only scaled.
RgbImage fit_variant(const RgbImage& variant, const Plan& plan);

// Not thread-safe.
class DiskVariants {
 public:
  // Plan and stage must outlive this object. Nothing is read before the first load().
  DiskVariants(const Plan& plan, const Stage& stage) : plan_(plan), stage_(stage) {}
  DiskVariants(const DiskVariants&) = delete;
  DiskVariants& operator=(const DiskVariants&) = delete;

  // The pixels of a variant of a planned image. The first time, all variants of the image are hashed, for the
  // plan has one digest of them all. Throws CannotServe without the folder of variants, InputError when a
  // file is not there (it may be at the next attempt), BadImage when it is not what was planned or cannot be
  // decoded. caution: as of decode_bytes().
  RgbImage load(const std::string& image, const std::string& variant, std::string& caution);

 private:
  static constexpr std::uint64_t kImagesKept = 8;  // jobs of one image come together, one a case
  struct File {
    std::filesystem::path path;
    std::string sha256;
  };
  using Files = std::map<std::string, File>;  // by variant

  const Files& verified(const std::string& image);
  enum class From { kStage, kPlace };
  Files read(const PlannedImage& image, From from) const;
  std::string digest_of(const Files& files) const;
  void find_folders();

  const Plan& plan_;
  const Stage& stage_;
  std::map<std::string, std::filesystem::path> folders_;  // by variant
  LruCache<Files> verified_{kImagesKept};                 // by image
};

}  // namespace wcam
