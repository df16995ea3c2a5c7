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
#include "coordinator/select_file.h"

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

void refuse_without_meaning(const std::optional<int>& value, const std::string& option,
                            const std::string& why) {
  if (value) throw UsageError("--" + option + " " + std::to_string(*value) + " " + why);
}

// Leaves of `images` those that are taken, in the plan's order.
SelectionSettings selection_of(const StudyRequest& request, const Plan& plan,
                               std::vector<std::string>& images) {
  SelectionSettings selection;
  selection.rule = request.select;
  if (request.select == SelectionRule::kPublished) {
    selection.sample_size = request.sample_size.value_or(selection.sample_size);
    selection.max_altered = request.max_altered.value_or(selection.max_altered);
    return selection;
  }
  refuse_without_meaning(request.max_altered, "max-altered", "is for --select published only");
  if (request.select == SelectionRule::kAll) {
    selection.sample_size = request.sample_size.value_or(static_cast<int>(images.size()));
    return selection;
  }
  refuse_without_meaning(request.sample_size, "sample-size",
                         "does not go with --select-file: its images are the sample");
  std::vector<std::string> cases;
  for (const CaseSpec& c : plan.cases) cases.push_back(c.name);
  SelectFile file = read_select_file(request.select_file, images, plan.variants, cases);
  images = std::move(file.images);
  return std::move(file.selection);
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
  plan.seed = request.seed;
  plan.images_root = fs::absolute(request.images).lexically_normal();
  check_utf8(plan.images_root);
  std::vector<std::string> images = list_images(request.images);
  plan.cases = chosen_cases(request);
  for (CaseSpec& c : plan.cases) {
    c.file = fs::absolute(c.file).lexically_normal();
    check_utf8(c.file);
  }
  plan.selection = selection_of(request, plan, images);
  plan.images.reserve(images.size());
  for (const std::string& path : images) plan.images.push_back({path, sha256_of_file(request.images / path)});
  check(plan);
  return plan;
}

}  // namespace wcam
