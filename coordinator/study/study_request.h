// What a user asks for: the options of a study, before anything was looked at.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/study/label_kinds.h"
#include "common/study/plan.h"
#include "common/study/selection_settings.h"
#include "common/study/wcam_settings.h"

namespace wcam {

inline constexpr const char* kLabelsInNames = "folders";

struct StudyRequest {
  std::filesystem::path images;    // folder, searched with all folders below it; empty: VARIANTS/SOURCE_NAME
  std::filesystem::path models;    // models.json
  std::vector<std::string> cases;  // names of models, in the order of the figures' columns; empty: all
  std::string perturbation = "corruptions";
  // Names of corruptions, of the families corruptions and imagenet-c. Empty: the published study's, or all
  // that are there; "all": every one.
  std::vector<std::string> corruptions;
  std::vector<int> severities;  // of the same families; empty: all
  // Folder of photographs of frosted glass, for the family corruptions; empty: frost is left out.
  std::filesystem::path frost_overlays;
  // From here on for the families on disk (docs/variants.md).
  std::filesystem::path variants;
  std::string source_name;                 // of editing and folders: which folder holds unaltered images
  std::vector<std::string> variant_names;  // of editing and folders; empty: all
  bool skip_incomplete = false;            // leave out images that some variant lacks
  bool keeps_variants = false;             // of an extension: it has those of `base` and no others
  WcamSettings wcam;
  SelectionRule select = SelectionRule::kPublished;
  std::filesystem::path select_file;                            // with SelectionRule::kListed only
  std::optional<int> sample_size, max_altered, max_unaffected;  // absent: the rule's own
  bool matched_controls = false, only_correct = false;
  LabelKinds explain{LabelKind::kPredicted};
  int replicates = 1;
  std::filesystem::path labels;  // file of true labels; kLabelsInNames: they are in the images' names
  // Of a sweep that is extended: its plan. What is not asked for is as it is there.
  std::optional<Plan> base = {};
  std::uint64_t seed = 95;
};

// Reads study_options() back (common/study/sweep_options.h). `images` and `models` are empty when they were
// not given. Throws UsageError naming option, value and bound.
StudyRequest study_request(const boost::program_options::variables_map& values);

// The same for an extension of a sweep with this plan: options that were not given say what it says.
StudyRequest extension_request(const boost::program_options::variables_map& values, const Plan& base);

// A line for people while a plan is made: what is odd but no error, how far it is.
using Say = std::function<void(const std::string& line)>;

}  // namespace wcam
