// From what a user asks for to a plan.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/plan.h"

namespace wcam {

struct StudyRequest {
  std::filesystem::path images;    // folder, searched with all folders below it
  std::filesystem::path models;    // models.json
  std::vector<std::string> cases;  // names of models, in the order of the figures' columns; empty: all
  std::string perturbation = "corruptions";
  std::vector<std::string> corruptions;  // empty: the published study's; "all": every one
  std::vector<int> severities;           // empty: all
  WcamSettings wcam;
  SelectionRule select = SelectionRule::kPublished;
  std::filesystem::path select_file;            // with SelectionRule::kListed only
  std::optional<int> sample_size, max_altered;  // absent: the rule's own
  std::uint64_t seed = 95;
};

// Regular files with an image's ending (jpg jpeg png webp bmp tif tiff, in any case), sorted, '/'-separated
// below the folder; hidden files and folders are left out, links to folders are not followed. Throws
// InputError: not a folder, not readable, no image in it, a name that is not UTF-8.
std::vector<std::string> list_images(const std::filesystem::path& folder);

// Lists and hashes everything (of the images, those that the select-file names, if there is one); a checked
// plan with absolute paths. Throws UsageError for unknown names and for a sample size or a number of altered
// variants where the rule leaves no choice, InputError for files that cannot be used.
Plan make_plan(const StudyRequest& request);

}  // namespace wcam
