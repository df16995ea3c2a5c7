#include "worker/images/disk_variants.h"

#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/study/image_files.h"
#include "common/study/perturbation.h"
#include "common/study/variant_tree.h"
#include "worker/base/faults.h"
#include "worker/images/cautions.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

bool is_square(const RgbImage& image, int side) { return image.rows == side && image.cols == side; }

}  // namespace

RgbImage fit_source(const RgbImage& source, const Plan& plan) {
  if (is_on_disk(plan.perturbation) && is_square(source, plan.input_size())) return source;
  return resize_and_crop(source, plan.resize(), plan.input_size());
}

RgbImage fit_variant(const RgbImage& variant, const Plan& plan) {
  if (plan.perturbation == kImagenetC && variant.rows == variant.cols)
    return resize_bilinear(variant, plan.input_size(), plan.input_size());
  return fit_source(variant, plan);
}

RgbImage DiskVariants::load(const std::string& image, const std::string& variant, std::string& caution) {
  const auto& [path, sha256] = verified(image).at(variant);
  const std::string bytes = read_file(path);
  if (sha256_of(bytes) != sha256) throw BadImage(path.string() + " has just been changed");
  try {
    const RgbImage decoded = decode_bytes(bytes, &caution);
    if (caution.empty()) caution = enlarged(decoded, plan_.input_size());
    return fit_variant(decoded, plan_);
  } catch (const InputError& e) {
    throw BadImage(path.string() + ": " + e.what());
  }
}

const DiskVariants::Files& DiskVariants::verified(const std::string& image) {
  if (const Files* known = verified_.find(image)) return *known;
  if (folders_.empty()) find_folders();
  const PlannedImage& planned = plan_.find_image(image);
  Files files = read(planned, From::kStage);
  std::string found = digest_of(files);
  if (found != planned.variants_sha256) {
    files = read(planned, From::kPlace);
    found = digest_of(files);
  }
  if (found != planned.variants_sha256)
    throw BadImage("the variants of " + image + " in " + plan_.variants_root.string() +
                   " have together SHA-256 " + found + ", the plan says " + planned.variants_sha256 +
                   ": one of them was changed after the sweep began");
  verified_.make_room(1);
  return verified_.add(image, std::move(files), 1);
}

std::string DiskVariants::digest_of(const Files& files) const {
  std::vector<VariantFile> hashed;
  for (const auto& [variant, file] : files) hashed.push_back({variant, file.sha256});
  return digest_of_variants(std::move(hashed));
}

DiskVariants::Files DiskVariants::read(const PlannedImage& image, From from) const {
  Files files;
  const std::string ending = fs::path(image.path).extension().string();
  for (const auto& variant : plan_.variants) {
    const fs::path& folder = folders_.at(variant);
    const auto file = find_image(folder, image.variant_stem, ending);
    if (!file)
      throw InputError(variant + " of " + image.path + " is not there: looked for " +
                       (folder / image.variant_stem).string() + ".*");
    const fs::path here = from == From::kStage ? stage_.local(*file) : *file;
    files[variant] = {here, sha256_of_file(here)};
  }
  return files;
}

void DiskVariants::find_folders() try {
  std::map<std::string, fs::path> folders;
  for (const auto& [variant, folder] : read_variant_tree(plan_.variants_root, plan_.perturbation).variants)
    folders.emplace(variant, folder);
  for (const auto& variant : plan_.variants)
    if (!folders.contains(variant))
      throw InputError("no folder of " + variant + " in " + plan_.variants_root.string());
  folders_ = std::move(folders);
} catch (const InputError& e) {
  throw CannotServe(std::string("the folder of variants cannot be used: ") + e.what());
}

}  // namespace wcam
