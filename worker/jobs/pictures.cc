#include "worker/jobs/pictures.h"

#include <filesystem>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "worker/base/faults.h"
#include "worker/images/cautions.h"
#include "worker/images/image.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

// Jobs of one image come together, one a case.
constexpr std::uint64_t kSourcesKept = 8;

// What read() throws is the image's fault or, where the worker was told to look elsewhere, this host's.
template <typename Read>
auto planned(bool own, const Read& read) {
  try {
    return read();
  } catch (const CannotServe&) {
    throw;
  } catch (const InputError& e) {
    if (!own) throw;
    throw CannotServe(std::string(e.what()) +
                      "; this worker was told to look there, and others may have the planned file");
  }
}

}  // namespace

Pictures::Pictures(const Plan& plan, const Stage& stage, const LocalPaths& paths)
    : plan_(plan),
      stage_(stage),
      own_images_(!paths.images.empty()),
      own_variants_(!paths.variants.empty()),
      sources_(kSourcesKept),
      disk_variants_(plan_, stage_) {}

const Pictures::Source& Pictures::source(const wire::Job& job) {
  if (const Source* known = sources_.find(job.image())) return *known;
  if (!fs::is_directory(plan_.images_root))
    throw CannotServe("the folder of images, " + plan_.images_root.string() + ", is not there");
  // The plan decides which files are read, whatever a message says.
  const fs::path file =
      stage_.local(plan_.images_root / plan_.find_image(job.image()).path, job.image_sha256());
  // A file that cannot be opened may be there at the next attempt; one that is not what was planned never
  // will. Read once: what is hashed is what is decoded.
  const std::string bytes = planned(own_images_, [&] {
    std::string content = read_file(file);
    if (const std::string found = sha256_of(content); found != job.image_sha256())
      throw BadImage(file.string() + " has SHA-256 " + found + ", the plan says " + job.image_sha256() +
                     ": it was changed after the sweep began, or is another file");
    return content;
  });
  try {
    Source source;
    const RgbImage decoded = decode_bytes(bytes, &source.caution);
    source.image = fit_source(decoded, plan_);
    if (source.caution.empty()) source.caution = enlarged(decoded, plan_.input_size());
    sources_.make_room(1);
    return sources_.add(job.image(), std::move(source), 1);
  } catch (const InputError& e) {
    throw BadImage(file.string() + ": " + e.what());
  }
}

const FrostOverlays& Pictures::frost_overlays() {
  if (!frost_overlays_) frost_overlays_ = planned_frost_overlays(plan_);
  return *frost_overlays_;
}

RgbImage Pictures::of(const wire::Job& job, const std::string& variant, std::string& caution) {
  const Source& original = source(job);
  caution = original.caution;
  if (variant == kSourceVariant) return original.image;
  if (is_on_disk(plan_.perturbation)) {
    caution.clear();
    return planned(own_variants_, [&] { return disk_variants_.load(job.image(), variant, caution); });
  }
  return corrupt(original.image, parse_variant(variant), {plan_.seed, job.image_sha256()}, frost_overlays());
}

std::vector<RgbImage> Pictures::all(const wire::Job& job, std::string& caution) {
  caution.clear();
  std::vector<RgbImage> images;
  const std::size_t first = job.predict().first(), all_of_them = plan_.variants.size() + 1;
  const std::size_t end = job.predict().count() == 0 ? all_of_them : first + job.predict().count();
  if (first >= end || end > all_of_them)
    throw InputError("variants " + std::to_string(first) + " to " + std::to_string(end) +
                     " are to be predicted, the plan has " + std::to_string(plan_.variants.size()));
  for (std::size_t v = first; v < end; ++v) {
    const std::string& variant = plan_.variant_name(static_cast<std::uint16_t>(v));
    std::string of_this;
    images.push_back(of(job, variant, of_this));
    if (caution.empty() && !of_this.empty()) caution = (v == 0 ? "" : variant + ": ") + of_this;
  }
  return images;
}

}  // namespace wcam
