#include "coordinator/study/enumerate.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <unordered_map>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/sha256.h"
#include "common/base/utf8.h"
#include "common/command_line/suggestion.h"
#include "common/study/image_files.h"
#include "common/study/perturbation.h"
#include "common/study/variant_tree.h"
#include "common/wire/protocol.h"
#include "coordinator/study/find_variants.h"
#include "coordinator/study/select_file.h"
#include "coordinator/study/true_labels.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

std::vector<CaseSpec> chosen_cases(const StudyRequest& request) {
  if (request.base && request.models.empty()) {
    if (!request.cases.empty()) throw UsageError("--cases names models of --models, which is missing");
    return request.base->cases;
  }
  const std::vector<CaseSpec> all = read_models_json(request.models, request.cases);
  if (request.cases.empty()) return all;
  std::vector<CaseSpec> chosen;
  for (const std::string& name : request.cases) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const CaseSpec& c) { return c.name == name; });
    if (found == all.end())
      throw UsageError("--cases: no model '" + name + "' in " + request.models.string() +
                       but_known(name, all, &CaseSpec::name));
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
  selection.matched_controls = request.matched_controls;
  selection.only_correct = request.only_correct;
  if (request.select == SelectionRule::kPublished) {
    selection.sample_size = request.sample_size.value_or(selection.sample_size);
    selection.max_altered = request.max_altered.value_or(selection.max_altered);
    if (request.matched_controls)
      refuse_without_meaning(request.max_unaffected, "max-unaffected",
                             "does not go with --controls matched: there are as many as altered ones");
    selection.max_unaffected = request.max_unaffected.value_or(selection.max_unaffected);
    return selection;
  }
  refuse_without_meaning(request.max_altered, "max-altered", "is for --select published only");
  refuse_without_meaning(request.max_unaffected, "max-unaffected", "is for --select published only");
  if (request.select == SelectionRule::kAll) {
    selection.sample_size = request.sample_size.value_or(static_cast<int>(images.size()));
    return selection;
  }
  refuse_without_meaning(request.sample_size, "sample-size",
                         "does not go with --select-file: its images are the sample");
  std::vector<std::string> cases;
  for (const CaseSpec& c : plan.cases) cases.push_back(c.name);
  if (request.only_correct)
    throw UsageError("--only-correct does not go with --select-file: its images are the sample");
  SelectFile file = read_select_file(request.select_file, images, plan.variants, cases);
  images = std::move(file.images);
  file.selection.matched_controls = request.matched_controls;
  return std::move(file.selection);
}

// Hashing may take minutes; silence does not look like work.
class Progress {
 public:
  Progress(const Say& say, std::size_t images) : say_(say), images_(images) {}
  void done(std::size_t count) {
    const auto now = std::chrono::steady_clock::now();
    if (now - said_ < kEvery) return;
    said_ = now;
    say_("hashing: " + std::to_string(count) + " of " + std::to_string(images_) + " images");
  }

 private:
  static constexpr std::chrono::seconds kEvery{5};
  const Say& say_;
  const std::size_t images_;
  std::chrono::steady_clock::time_point said_ = std::chrono::steady_clock::now();
};

fs::path absolute_place(const fs::path& path) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  check_utf8(absolute);
  return absolute;
}

std::vector<VariantFile> hashed_variants(const std::vector<VariantFolder>& variants,
                                         const PlannedImage& image) {
  const std::string likely_ending = fs::path(image.path).extension().string();
  std::vector<VariantFile> files;
  for (const VariantFolder& variant : variants) {
    const auto file = find_image(variant.folder, image.variant_stem, likely_ending);
    if (!file) throw InputError((variant.folder / image.variant_stem).string() + ".* has just gone");
    files.push_back({variant.variant, sha256_of_file(*file)});
  }
  return files;
}

// Of a sweep that is extended: which images' files are not those that it had.
class ChangedVariants {
 public:
  explicit ChangedVariants(const std::optional<Plan>& sweep) {
    if (!sweep) return;
    variants_.insert(sweep->variants.begin(), sweep->variants.end());
    for (const PlannedImage& image : sweep->images) digests_.emplace(image.path, image.variants_sha256);
  }
  void compare(const PlannedImage& image, std::vector<VariantFile> files) {
    const auto known = digests_.find(image.path);
    if (known == digests_.end()) return;
    std::erase_if(files, [&](const VariantFile& file) { return !variants_.contains(file.variant); });
    if (digest_of_variants(std::move(files)) != known->second) changed_.push_back(image.path);
  }
  void refuse() const {
    constexpr std::size_t kShown = 3;
    if (!changed_.empty())
      throw InputError("the sweep cannot be extended so: the files of its variants are others now of " +
                       first_few(changed_, kShown));
  }

 private:
  std::set<std::string> variants_;
  std::unordered_map<std::string, std::string> digests_;  // by path
  std::vector<std::string> changed_;
};

// Where a SHA-256 will stand.
const std::string kNotHashed(64, '0');

// found: of a family on disk.
std::vector<PlannedImage> without_hashes(const std::vector<std::string>& paths,
                                         const std::optional<VariantsFound>& found) {
  std::vector<PlannedImage> images;
  images.reserve(paths.size());
  for (const std::string& path : paths) {
    images.push_back({path, kNotHashed});
    if (!found) continue;
    images.back().variant_stem = found->stems.at(path);
    images.back().variants_sha256 = kNotHashed;
  }
  return images;
}

void hash(Plan& plan, const std::optional<VariantsFound>& found, const std::optional<Plan>& base,
          const Say& say) {
  Progress progress(say, plan.images.size());
  ChangedVariants changed(base);
  std::size_t done = 0;
  for (PlannedImage& image : plan.images) {
    image.sha256 = sha256_of_file(plan.images_root / image.path);
    if (found) {
      std::vector<VariantFile> files = hashed_variants(found->variants, image);
      image.variants_sha256 = digest_of_variants(files);
      changed.compare(image, std::move(files));
    }
    progress.done(++done);
  }
  changed.refuse();
}

// Said, and kept with the plan.
void note_not_taken(Plan& plan, const fs::path& folder, const NotTaken& not_taken, const Say& say) {
  if (not_taken.empty()) return;
  plan.not_taken.push_back("not taken from " + folder.string() + ": " + not_taken.text());
  say(plan.not_taken.back());
}

// Overlays for the variants that need them; without a folder of overlays, these variants are left out.
void settle_frost(Plan& plan, const fs::path& folder, const Say& say) {
  const bool wanted = std::any_of(plan.variants.begin(), plan.variants.end(), needs_overlays);
  if (!wanted && !folder.empty())
    throw UsageError("--frost-overlays is of no use: frost is not among the corruptions");
  if (!wanted) return;
  if (folder.empty()) {
    const std::string remedy =
        "it lays photographs of frosted glass over images; name a folder of them with --frost-overlays DIR";
    std::erase_if(plan.variants, needs_overlays);
    if (plan.variants.empty()) throw UsageError("frost cannot be made: " + remedy);
    say("frost is left out: " + remedy);
    return;
  }
  plan.frost_root = absolute_place(folder);
  NotTaken not_taken;
  for (const std::string& path : list_images(plan.frost_root, &not_taken))
    plan.frost_overlays.push_back({path, sha256_of_file(plan.frost_root / path)});
  note_not_taken(plan, plan.frost_root, not_taken, say);
}

// Whether the images of an extended sweep are those that it had: none were named.
bool keeps_images(const StudyRequest& request) {
  return request.base && request.images.empty() && request.variants.empty();
}

// Nothing that is given is ignored.
void check_options(const StudyRequest& request) {
  const std::string& family = request.perturbation;
  check_family(family);
  const auto refuse = [&](bool given, const std::string& option, const std::string& remedy) {
    if (given) throw UsageError(option + " does not go with --perturbation " + family + ": " + remedy);
  };
  if (!is_on_disk(family)) {
    const std::string remedy = "it is of imagenet-c, editing and folders, which read variants from a folder";
    refuse(!request.variants.empty(), "--variants", remedy);
    refuse(request.skip_incomplete, "--skip-incomplete", remedy);
  } else if (request.variants.empty() && !keeps_images(request)) {
    throw UsageError("--perturbation " + family +
                     " reads its variants from a folder: give it with --variants DIR");
  }
  refuse(is_on_disk(family) && !request.frost_overlays.empty(), "--frost-overlays", "it is of corruptions");
  if (has_severities(family)) {
    const std::string remedy = "it is of editing and folders; use --corruptions and --severities";
    refuse(!request.variant_names.empty(), "--variant-names", remedy);
    refuse(!request.source_name.empty(), "--source-name", "it is of editing and folders; use --images");
  } else {
    const std::string remedy = "its variants have no severity; choose some with --variant-names";
    refuse(!request.corruptions.empty(), "--corruptions", remedy);
    refuse(!request.severities.empty(), "--severities", remedy);
  }
  if (!keeps_images(request) && request.images.empty() && source_name(request).empty())
    throw UsageError(has_severities(family)
                         ? "--images is missing: the folder of unaltered images"
                         : "which images are unaltered? Name their folder in --variants with --source-name, "
                           "or give it with --images");
}

// Of a family whose variants we make.
void set_made_variants(const StudyRequest& request, Plan& plan, const Say& say) {
  if (request.base) {
    plan.frost_root = request.base->frost_root;
    plan.frost_overlays = request.base->frost_overlays;
  }
  if (request.base && request.corruptions.empty() && request.severities.empty()) {
    plan.variants = request.base->variants;
    return;
  }
  plan.variants = variants_of(request.perturbation, request.corruptions, request.severities);
  if (plan.frost_overlays.empty() || !request.frost_overlays.empty())
    settle_frost(plan, request.frost_overlays, say);
}

// Lists the folders. found: of a family on disk.
std::vector<std::string> find_images(const StudyRequest& request, Plan& plan,
                                     std::optional<VariantsFound>& found, const Say& say) {
  plan.images_root = absolute_place(request.images.empty() ? source_folder(request) : request.images);
  NotTaken not_taken;
  std::vector<std::string> images = list_images(plan.images_root, &not_taken);
  note_not_taken(plan, plan.images_root, not_taken, say);
  if (!is_on_disk(request.perturbation)) return images;
  plan.variants_root = absolute_place(request.variants);
  found = find_variants(request, plan.images_root, images, say);
  note_not_taken(plan, plan.variants_root, found->not_taken, say);
  for (const VariantFolder& variant : found->variants) plan.variants.push_back(variant.variant);
  std::erase_if(images, [&](const std::string& path) { return !found->stems.contains(path); });
  return images;
}

void keep_images(const StudyRequest& request, Plan& plan) {
  const Plan& base = *request.base;
  if (request.select == SelectionRule::kListed)
    throw UsageError("an extended list of WCAMs needs --images and --select-file");
  plan.images_root = base.images_root;
  plan.variants_root = base.variants_root;
  if (is_on_disk(request.perturbation)) plan.variants = base.variants;
  plan.images = base.images;
  plan.not_taken = base.not_taken;
  std::vector<std::string> images;
  for (const PlannedImage& image : plan.images) images.push_back(image.path);
  plan.selection = selection_of(request, plan, images);
}

}  // namespace

Plan make_plan(const StudyRequest& request, const Say& say) {
  check_options(request);
  Plan plan;
  plan.perturbation = request.perturbation;
  if (!is_on_disk(request.perturbation)) set_made_variants(request, plan, say);
  plan.wcam = request.wcam;
  plan.seed = request.seed;
  plan.explain = request.explain;
  plan.replicates = request.replicates;
  plan.cases = chosen_cases(request);
  for (CaseSpec& c : plan.cases) {
    c.file = absolute_place(c.file);
    if (const std::string problem = normalisation_problem(c); !problem.empty())
      throw InputError(request.models.string() + ": case '" + c.name + "': " + problem);
  }
  std::optional<VariantsFound> found;
  if (keeps_images(request)) {
    keep_images(request, plan);
  } else {
    std::vector<std::string> images = find_images(request, plan, found, say);
    plan.selection = selection_of(request, plan, images);
    plan.images = without_hashes(images, found);
  }
  if (!request.labels.empty()) set_true_labels(plan, request.labels, say);
  check(plan);
  check_fits_message(plan);
  for (const std::string& note : notes_of_twins(plan.cases)) say(note);
  if (!keeps_images(request)) hash(plan, found, request.base, say);
  return plan;
}

void check_fits_message(const Plan& plan) {
  constexpr std::int64_t kBeside = 4'096;  // the plan, in the message
  const auto bytes = static_cast<std::int64_t>(to_json_text(plan).size()), most = kMaxMessageBytes - kBeside;
  if (bytes <= most) return;
  throw InputError("the plan of " + counted(plan.images.size(), "image") + " is " + std::to_string(bytes) +
                   " bytes, a message to a worker holds " + std::to_string(most) + ", about " +
                   std::to_string(static_cast<std::int64_t>(plan.images.size()) * most / bytes) +
                   " images with names as long: split them over several sweeps, or name some with "
                   "--select-file");
}

}  // namespace wcam
