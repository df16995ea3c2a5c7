#include "common/study/variant_tree.h"

#include <algorithm>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "common/base/utf8.h"
#include "common/study/perturbation.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

std::vector<fs::path> folders_in(const fs::path& folder, NotTaken& not_taken) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    std::error_code error;
    const fs::file_status status = entry.status(error);  // of what a link leads to
    if (name.front() == '.')
      not_taken.add(NotTaken::Why::kHidden, name);
    else if (is_of_a_system(name))
      not_taken.add(NotTaken::Why::kOfASystem, name);
    else if (fs::is_directory(status))
      found.push_back(entry.path());
    else if (status.type() == fs::file_type::not_found)
      not_taken.add(NotTaken::Why::kNotHere, name);
    else
      not_taken.add(NotTaken::Why::kNoFolder, name);
  }
  std::for_each(found.begin(), found.end(), check_utf8);
  std::sort(found.begin(), found.end());
  return found;
}

void add_severities(VariantTree& tree, const fs::path& corruption) {
  const std::string name = corruption.filename().string();
  const std::size_t before = tree.variants.size();
  for (int s = kLowestSeverity; s <= kHighestSeverity; ++s) {
    const fs::path folder = corruption / std::to_string(s);
    if (fs::is_directory(folder))
      tree.variants.push_back(
          {to_string(Variant{std::string(kImagenetC), canonical_spelling(name), s}), folder});
    else if (fs::is_symlink(folder))
      tree.not_taken.add(NotTaken::Why::kNotHere, (fs::path(name) / std::to_string(s)).string());
  }
  if (tree.variants.size() == before) tree.others.push_back(corruption);
}

}  // namespace

VariantTree read_variant_tree(const fs::path& root, const std::string& family) try {
  if (!fs::is_directory(root)) throw InputError(root.string() + " is not a folder");
  VariantTree tree;
  for (const fs::path& folder : folders_in(root, tree.not_taken))
    if (has_severities(family))
      add_severities(tree, folder);
    else
      tree.variants.push_back({to_string(Variant{family, folder.filename().string(), 0}), folder});
  std::sort(tree.variants.begin(), tree.variants.end(), [](const auto& a, const auto& b) {
    return std::tie(a.variant, a.folder) < std::tie(b.variant, b.folder);
  });
  return tree;
} catch (const fs::filesystem_error& e) {
  throw InputError("cannot list the variants in " + root.string() + ": " + e.what());
}

std::string digest_of_variants(std::vector<VariantFile> files) {
  std::map<std::pair<std::string, int>, std::string> sha256s;
  for (VariantFile& file : files) {
    const Variant variant = parse_variant(file.variant);
    sha256s.emplace(std::pair(variant.name, variant.severity), std::move(file.sha256));
  }
  std::string all;
  for (const auto& [variant, sha256] : sha256s) all += sha256;
  return sha256_of(all);
}

}  // namespace wcam
