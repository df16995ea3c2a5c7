// The variants of a study that lie on disk: which folders are meant, and which images have a file in each.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/study/variant_tree.h"
#include "coordinator/study/study_request.h"
#include "coordinator/study/variant_matching.h"

namespace wcam {

// Name of the folder of unaltered images in request.variants: the one given, else "ori" in the family
// editing, else "".
std::string source_name(const StudyRequest& request);

// The folder of unaltered images. Throws InputError when it is not there, naming what is.
std::filesystem::path source_folder(const StudyRequest& request);

struct VariantsFound {
  std::vector<VariantFolder> variants;  // sorted, each once
  // By image, of those that have a file in each variant: PlannedImage::variant_stem.
  std::map<std::string, std::string> stems;
  NotTaken not_taken;  // beside the variants, and in them
};

// Finds the variants that lie on disk for `images`, which is list_images(images_root). Says which files are
// left over and which images are left out. Throws UsageError for a name that is not there, InputError with
// the list of what is missing.
VariantsFound find_variants(const StudyRequest& request, const std::filesystem::path& images_root,
                            const std::vector<std::string>& images, const Say& say);

}  // namespace wcam
