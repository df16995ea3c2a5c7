#include "coordinator/study/find_variants.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <system_error>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/command_line/suggestion.h"
#include "common/study/image_files.h"
#include "common/study/perturbation.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

constexpr const char* kImagenetESource = "ori";

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "nothing" : first_of(names, names.size());
}

std::set<std::string> names_of(const std::vector<VariantFolder>& variants) {
  std::set<std::string> names;
  for (const VariantFolder& v : variants) names.insert(parse_variant(v.variant).name);
  return names;
}

std::string listed(const std::set<std::string>& names) {
  return listed(std::vector<std::string>(names.begin(), names.end()));
}

bool same_folder(const fs::path& a, const fs::path& b) {
  std::error_code not_there;
  return fs::equivalent(a, b, not_there);
}

// Why there is no variant: most often the folder above or below is meant.
[[noreturn]] void refuse_empty_tree(const StudyRequest& request, const VariantTree& tree) {
  const std::string root = request.variants.string();
  if (!has_severities(request.perturbation))
    throw InputError("no variant in " + root +
                     ": each is a folder of images in it; give the folder that holds these folders" +
                     (tree.not_taken.empty() ? "" : "; it holds " + tree.not_taken.text()));
  const auto is_severity = [](const fs::path& folder) {
    const std::string name = folder.filename().string();
    return name.size() == 1 && name[0] >= '1' && name[0] <= '5';
  };
  if (std::any_of(tree.others.begin(), tree.others.end(), is_severity))
    throw InputError("no corruption in " + root + ": it holds severities; give the folder above it");
  std::vector<std::string> names;
  for (const fs::path& folder : tree.others) {
    if (!read_variant_tree(folder, request.perturbation).variants.empty())
      throw InputError("no corruption in " + root + ", but in " + folder.string() +
                       ": give that folder, or put the corruptions of all such folders side by side");
    names.push_back(folder.filename().string());
  }
  throw InputError("no corruption in " + root + ": expected folders CORRUPTION/SEVERITY, such as " +
                   (request.variants / "motion_blur" / "3").string() + "; it holds " + listed(names));
}

void refuse_two_spellings(const std::vector<VariantFolder>& variants) {
  const auto twin = std::adjacent_find(variants.begin(), variants.end(),
                                       [](const auto& a, const auto& b) { return a.variant == b.variant; });
  if (twin != variants.end())
    throw InputError(twin->folder.string() + " and " + std::next(twin)->folder.string() + " are both " +
                     twin->variant + ": take one away or rename it");
}

// Those of `variants` with this name; its severities, or the one without any.
std::vector<VariantFolder> named(const std::vector<VariantFolder>& variants, const std::string& name) {
  std::vector<VariantFolder> found;
  std::copy_if(variants.begin(), variants.end(), std::back_inserter(found),
               [&](const VariantFolder& v) { return parse_variant(v.variant).name == name; });
  return found;
}

std::vector<VariantFolder> with_severity(const std::vector<VariantFolder>& variants, int severity,
                                         const std::string& name, const fs::path& root) {
  check_severity(severity);
  std::vector<VariantFolder> found;
  std::copy_if(variants.begin(), variants.end(), std::back_inserter(found),
               [&](const VariantFolder& v) { return parse_variant(v.variant).severity == severity; });
  if (found.empty())
    throw UsageError("--severities: no severity " + std::to_string(severity) + " of " + name + " in " +
                     root.string());
  return found;
}

// What --corruptions, --severities and --variant-names leave of all.
std::vector<VariantFolder> chosen(const StudyRequest& request, const std::vector<VariantFolder>& all) {
  const bool severities = has_severities(request.perturbation);
  const auto& asked = severities ? request.corruptions : request.variant_names;
  std::set<std::string> names;
  if (!severities || std::find(asked.begin(), asked.end(), kAllCorruptions) == asked.end())
    for (const auto& name : asked) names.insert(severities ? canonical_spelling(name) : name);
  for (const std::string& name : names)
    if (named(all, name).empty())
      throw UsageError((severities ? "--corruptions: no '" : "--variant-names: no variant '") + name +
                       "' in " + request.variants.string() + but_known(name, names_of(all)));
  if (names.empty()) names = names_of(all);
  std::vector<VariantFolder> result;
  for (const std::string& name : names) {
    const auto of_name = named(all, name);
    if (request.severities.empty()) result.insert(result.end(), of_name.begin(), of_name.end());
    for (const int severity : std::set<int>(request.severities.begin(), request.severities.end())) {
      const auto found = with_severity(of_name, severity, name, request.variants);
      result.insert(result.end(), found.begin(), found.end());
    }
  }
  refuse_two_spellings(result);
  return result;
}

// Of a sweep that is extended.
std::vector<VariantFolder> those_of_the_sweep(const Plan& sweep, const std::vector<VariantFolder>& all,
                                              const fs::path& root) {
  std::vector<VariantFolder> found;
  for (const std::string& variant : sweep.variants) {
    const auto [begin, end] =
        std::equal_range(all.begin(), all.end(), VariantFolder{variant, {}},
                         [](const auto& a, const auto& b) { return a.variant < b.variant; });
    if (begin == end)
      throw InputError("the sweep has the variant " + variant + ", and " + root.string() + " has not");
    found.insert(found.end(), begin, end);
  }
  refuse_two_spellings(found);
  return found;
}

void add(const std::vector<VariantFolder>& more, std::vector<VariantFolder>& variants) {
  const std::vector<VariantFolder> known = variants;
  std::copy_if(more.begin(), more.end(), std::back_inserter(variants), [&](const VariantFolder& v) {
    return std::none_of(known.begin(), known.end(), [&](const auto& k) { return k.variant == v.variant; });
  });
}

std::vector<std::string> files_of(const VariantFolder& variant, NotTaken* not_taken = nullptr) try {
  return list_images(variant.folder, not_taken);
} catch (const InputError& e) {
  const bool severities = has_severities(parse_variant(variant.variant).family);
  throw InputError(std::string(e.what()) + " (the variant " + variant.variant +
                   "): choose the variants with " + (severities ? "--corruptions" : "--variant-names") +
                   ", or take it away");
}

// One line each, the first kShownOfAList.
std::string lines_of(const std::vector<VariantMatcher::Oddity>& oddities, const std::string& what) {
  std::string text;
  for (std::size_t i = 0; i < std::min(oddities.size(), kShownOfAList); ++i)
    text += "\n  " + describe(oddities[i], what);
  if (oddities.size() > kShownOfAList)
    text += "\n  and " + std::to_string(oddities.size() - kShownOfAList) + " more such lists";
  return text;
}

// Names alone decide only when all images lie in one folder, or all in folders of it.
std::string why_folders_count(const std::vector<std::string>& images) {
  const auto nested = std::find_if(images.begin(), images.end(), is_nested);
  if (nested == images.end() || std::all_of(images.begin(), images.end(), is_nested)) return "";
  return "; the folder is part of a name here, since some images lie in folders of their own, such as " +
         *nested;
}

// A variant that has nothing of the images is of others, or their names differ: both sides are shown.
void refuse_strangers(const VariantMatcher& matcher, const std::vector<VariantFolder>& variants,
                      const std::vector<std::string>& images, const fs::path& images_root) {
  for (const auto& [names, count, paths] : matcher.missing()) {
    if (count < images.size()) continue;
    const auto variant = std::find_if(variants.begin(), variants.end(),
                                      [&name = names.front()](const auto& v) { return v.variant == name; });
    throw InputError("no image of " + images_root.string() + " is in " + names.front() + ": looked for " +
                     (variant->folder / image_stem(images.front())).string() + ".*, there is " +
                     (variant->folder / files_of(*variant).front()).string() +
                     "; variants carry the names of their images, whatever the ending" +
                     why_folders_count(images));
  }
}

// Images that some variant lacks: refused with the list, or left out when that is wished.
void settle_incomplete(const StudyRequest& request, const VariantMatcher& matcher, std::size_t images,
                       const NotTaken& others, const Say& say) {
  if (matcher.missing().empty()) return;
  const std::size_t complete = matcher.complete().size();
  const std::string count = std::to_string(images - complete) + " of " + std::to_string(images) + " images";
  const std::string lists = ":" + lines_of(matcher.missing(), "missing file");
  const std::string there = others.empty() ? "" : "\n  there, but not taken: " + others.text();
  if (complete == 0) throw InputError("no image has a file in every variant" + lists + there);
  if (!request.skip_incomplete)
    throw InputError(count + " lack variants in " + request.variants.string() +
                     "; add these files, or leave the images out with --skip-incomplete" + lists + there);
  say(count + " are left out, since they lack variants" + lists);
}

}  // namespace

std::string source_name(const StudyRequest& request) {
  return request.source_name.empty() && request.perturbation == kEditing ? kImagenetESource
                                                                         : request.source_name;
}

fs::path source_folder(const StudyRequest& request) {
  const std::string name = source_name(request);
  const fs::path folder = request.variants / name;
  if (!fs::is_directory(folder))
    throw InputError("no folder '" + name + "' of unaltered images in " + request.variants.string() +
                     ": name it with --source-name (there: " +
                     listed(names_of(read_variant_tree(request.variants, request.perturbation).variants)) +
                     "), or give the images with --images");
  return folder;
}

VariantsFound find_variants(const StudyRequest& request, const fs::path& images_root,
                            const std::vector<std::string>& images, const Say& say) {
  if (lies_in(request.variants, images_root))
    throw UsageError("--images " + images_root.string() + " holds the variants, " +
                     request.variants.string() +
                     ", which would be taken for images: give the folder of unaltered images alone");
  const VariantTree tree = read_variant_tree(request.variants, request.perturbation);
  std::vector<VariantFolder> altered;
  std::copy_if(tree.variants.begin(), tree.variants.end(), std::back_inserter(altered),
               [&](const VariantFolder& v) {
                 return v.folder.filename() != source_name(request) && !same_folder(v.folder, images_root);
               });
  if (altered.empty()) refuse_empty_tree(request, tree);
  VariantsFound result;
  if (request.base) result.variants = those_of_the_sweep(*request.base, altered, request.variants);
  if (!request.keeps_variants) add(chosen(request, altered), result.variants);
  if (request.corruptions.empty())
    for (const fs::path& folder : tree.others)
      if (!same_folder(folder, images_root))
        say(folder.string() + " holds no folder of a severity, 1 to 5: left out");
  VariantMatcher matcher(images);
  result.not_taken = tree.not_taken;
  for (const VariantFolder& variant : result.variants) {
    NotTaken in_it;
    matcher.add(variant.variant, files_of(variant, &in_it));
    result.not_taken.add(in_it, variant.folder.lexically_relative(request.variants));
  }
  refuse_strangers(matcher, result.variants, images, images_root);
  if (!matcher.extra().empty()) say("files without an image, not used:" + lines_of(matcher.extra(), "file"));
  settle_incomplete(request, matcher, images.size(), result.not_taken, say);
  for (auto& [image, stem] : matcher.complete()) result.stems.emplace(std::move(image), std::move(stem));
  return result;
}

}  // namespace wcam
