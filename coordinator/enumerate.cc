#include "coordinator/enumerate.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>

#include "common/error.h"
#include "common/perturbation.h"
#include "common/sha256.h"
#include "common/utf8.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

constexpr std::array<std::string_view, 7> kEndings{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"};

bool is_image_name(const fs::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

bool is_hidden(const fs::path& file) { return file.filename().string().front() == '.'; }

std::vector<CaseSpec> chosen_cases(const StudyRequest& request) {
  const std::vector<CaseSpec> all = read_models_json(request.models);
  if (request.cases.empty()) return all;
  std::vector<CaseSpec> chosen;
  for (const std::string& name : request.cases) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const CaseSpec& c) { return c.name == name; });
    if (found == all.end()) {
      std::string known;
      for (const CaseSpec& c : all) known += (known.empty() ? "" : ", ") + c.name;
      throw UsageError("--cases: no model '" + name + "' in " + request.models.string() +
                       "; known: " + known);
    }
    chosen.push_back(*found);
  }
  return chosen;
}

}  // namespace

std::vector<std::string> list_images(const fs::path& folder) try {
  if (!fs::is_directory(folder)) throw InputError("--images " + folder.string() + " is not a folder");
  std::vector<std::string> images;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator();
       ++entry) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
      continue;
    }
    if (!is_image_name(entry->path()) || !entry->is_regular_file()) continue;
    images.push_back(entry->path().lexically_relative(folder).generic_string());
    check_utf8(images.back());
  }
  if (images.empty())
    throw InputError("no image in " + folder.string() +
                     ": expected files ending in jpg, jpeg, png, webp, bmp, tif or tiff");
  std::sort(images.begin(), images.end());
  return images;
} catch (const fs::filesystem_error& e) {
  throw InputError("cannot list the images below " + folder.string() + ": " + e.what());
}

Plan make_plan(const StudyRequest& request) {
  Plan plan;
  plan.perturbation = request.perturbation;
  plan.variants = variants_of(request.perturbation, request.corruptions, request.severities);
  plan.wcam = request.wcam;
  plan.selection = request.selection;
  plan.seed = request.seed;
  plan.images_root = fs::absolute(request.images).lexically_normal();
  check_utf8(plan.images_root);
  const std::vector<std::string> images = list_images(request.images);
  plan.cases = chosen_cases(request);
  for (CaseSpec& c : plan.cases) {
    c.file = fs::absolute(c.file).lexically_normal();
    check_utf8(c.file);
  }
  plan.images.reserve(images.size());
  for (const std::string& path : images) plan.images.push_back({path, sha256_of_file(request.images / path)});
  check(plan);
  return plan;
}

}  // namespace wcam
