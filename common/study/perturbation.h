// Families of altered images and the names of their variants. What a corruption does to pixels is in
// worker/corruption, where variants lie on disk in common/study/variant_tree; this is only what all must
// agree on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wcam {

// The unaltered image, beside the variants.
inline constexpr std::string_view kSourceVariant = "source";

// The families: made from the source by worker/corruption, or read from a folder of variants.
inline constexpr std::string_view kCorruptions = "corruptions", kImagenetC = "imagenet-c",
                                  kEditing = "editing", kFolders = "folders";

// In place of a corruption's name.
inline constexpr std::string_view kAllCorruptions = "all";

// Throws UsageError listing the known ones.
void check_family(const std::string& family);

// Whether its variants are files (docs/variants.md); false: made by us.
bool is_on_disk(std::string_view family);

// Whether its variants have a severity: corruptions and imagenet-c.
bool has_severities(std::string_view family);

inline constexpr int kLowestSeverity = 1, kHighestSeverity = 5;

// One variant: "corruptions/motion-blur/3", "editing/background_20".
struct Variant {
  std::string family;  // one of the above
  std::string name;    // "motion-blur"; of editing and folders: the folder's name as it is
  int severity = 0;    // 1..5; 0 in a family without severities
};

// Throws InputError naming the text and what was expected.
Variant parse_variant(std::string_view text);
std::string to_string(const Variant& variant);

// "defocus_blur", "jpeg_compression", "elastic_transform" (ImageNet-C's spellings), "elastic" ->
// "defocus-blur", "jpeg", "elastic-transformation"; any name.
std::string canonical_spelling(std::string_view name);

// The same. Throws UsageError listing the known names for one that this version cannot make.
std::string canonical_corruption(std::string_view name);

// All corruptions: those of the published study in its order, then the rest of ImageNet-C.
const std::vector<std::string>& corruption_names();
// Those of the published study.
const std::vector<std::string>& study_corruption_names();

// Throws UsageError when it is outside 1..5.
void check_severity(int severity);

// Whether it is a variant of frost as we make it, which takes photographs of frosted glass.
bool needs_overlays(std::string_view variant);

// Variants that we make, corruptions outside, severities inside. No name means the published study's, the
// name kAllCorruptions every corruption; no severity means all. Throws UsageError on a family that we do not
// make, an unknown name or a severity outside 1..5.
std::vector<std::string> variants_of(const std::string& family, const std::vector<std::string>& names,
                                     const std::vector<int>& severities);

}  // namespace wcam
