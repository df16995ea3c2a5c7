// Variants that lie on disk: which folder holds which, and what their pixels' digest is. docs/variants.md
// shows the layouts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/study/not_taken.h"

namespace wcam {

struct VariantFolder {
  std::string variant;  // "imagenet-c/motion-blur/3", "editing/background_20"
  std::filesystem::path folder;
};

struct VariantTree {
  std::vector<VariantFolder> variants;        // sorted by variant, then folder
  std::vector<std::filesystem::path> others;  // folders that hold no variant (imagenet-c alone), sorted
  NotTaken not_taken;                         // what else lies beside the variants
};

// Which folders below ROOT hold variants. imagenet-c: ROOT/<corruption>/<severity>, severities 1 to 5,
// corruptions in any spelling; a variant stands twice when two spellings lie side by side. editing, folders:
// every ROOT/<name>. Links to folders are followed here, hidden and systems' folders left out. Throws
// InputError: not a folder, not readable, a name that is not UTF-8.
VariantTree read_variant_tree(const std::filesystem::path& root, const std::string& family);

struct VariantFile {
  std::string variant;
  std::string sha256;  // 64 hex digits
};

// PlannedImage::variants_sha256: SHA-256 of the SHA-256s of an image's files, one a variant, joined in the
// order of the variants' names and severities, whatever that of `files` is.
std::string digest_of_variants(std::vector<VariantFile> files);

}  // namespace wcam
