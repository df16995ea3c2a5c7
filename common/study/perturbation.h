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

// Stands for every corruption, in place of a name.
inline constexpr std::string_view kAllCorruptions = "all";

// Throws UsageError listing the known families when this is none.
void check_family(const std::string& family);

// Whether a family's variants are files (docs/variants.md); false: they are made by us.
bool is_on_disk(std::string_view family);

// Whether a family's variants have a severity: those of corruptions and imagenet-c do.
bool has_severities(std::string_view family);

inline constexpr int kLowestSeverity = 1, kHighestSeverity = 5;

// One variant: "corruptions/motion-blur/3", "editing/background_20".
struct Variant {
  std::string family;  // kCorruptions, kImagenetC, kEditing or kFolders
  std::string name;    // "motion-blur"; of editing and folders: the folder's name as it is
  int severity = 0;    // 1..5; 0 in a family without severities
};

// Reads a variant's name. Throws InputError naming the text and what was expected.
Variant parse_variant(std::string_view text);
std::string to_string(const Variant& variant);

// Our spelling of a corruption's name: "defocus-blur" for ImageNet-C's "defocus_blur", "jpeg" for
// "jpeg_compression", "elastic-transformation" for "elastic_transform" and "elastic". Takes any name.
std::string canonical_spelling(std::string_view name);

// canonical_spelling() of a corruption that we make. Throws UsageError listing the known names for one that
// this version cannot make.
std::string canonical_corruption(std::string_view name);

// All corruptions: those of the published study in its order, then the rest of ImageNet-C.
const std::vector<std::string>& corruption_names();
// The corruptions of the published study.
const std::vector<std::string>& study_corruption_names();

// Throws UsageError when the severity is outside 1..5.
void check_severity(int severity);

// Whether this is a variant of frost as we make it, which takes photographs of frosted glass.
bool needs_overlays(std::string_view variant);

// The names of variants that we make: corruption by corruption, each with its severities. No name means the
// published study's, the name kAllCorruptions every corruption; no severity means all. Throws UsageError on a
// family that we do not make, an unknown name or a severity outside 1..5.
std::vector<std::string> variants_of(const std::string& family, const std::vector<std::string>& names,
                                     const std::vector<int>& severities);

}  // namespace wcam
