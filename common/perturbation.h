// Families of altered images and the names of their variants. What a corruption does to pixels is in
// worker/corruption; this is only what both sides must agree on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wcam {

// The unaltered image, beside the variants.
inline constexpr std::string_view kSourceVariant = "source";

inline constexpr int kLowestSeverity = 1, kHighestSeverity = 5;

// One variant: "corruptions/motion-blur/3".
struct Variant {
  std::string family;  // "corruptions"
  std::string name;    // "motion-blur"
  int severity = 0;    // 1..5
};

// Throws InputError naming the text and what was expected.
Variant parse_variant(std::string_view text);
std::string to_string(const Variant& variant);

// "defocus_blur", "jpeg_compression", "elastic_transform" (ImageNet-C's spellings), "elastic" ->
// "defocus-blur", "jpeg", "elastic-transformation". Throws UsageError listing the known names.
std::string canonical_corruption(std::string_view name);

// All corruptions: those of the published study in its order, then the rest of ImageNet-C.
const std::vector<std::string>& corruption_names();
// Those of the published study.
const std::vector<std::string>& study_corruption_names();

// Variants of the family, corruptions outside, severities inside. No name means the published study's, the
// name "all" every corruption; no severity means all. Throws UsageError on an unknown family or name or a
// severity outside 1..5.
std::vector<std::string> variants_of(const std::string& family, const std::vector<std::string>& names,
                                     const std::vector<int>& severities);

}  // namespace wcam
