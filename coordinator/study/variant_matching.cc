#include "coordinator/study/variant_matching.h"

#include <algorithm>
#include <map>
#include <span>
#include <unordered_map>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/base/utf8.h"
#include "common/study/image_files.h"

namespace wcam {

namespace {

bool all_flat(const std::vector<std::string>& paths) {
  return std::none_of(paths.begin(), paths.end(), is_nested);
}

bool all_nested(const std::vector<std::string>& paths) {
  return std::all_of(paths.begin(), paths.end(), is_nested);
}

[[noreturn]] void refuse_twins(const std::string& where, const std::string& a, const std::string& b) {
  throw InputError(where + ": " + a + " and " + b +
                   " have one name but for folder, ending or how accents are written, so that variants "
                   "cannot be told to belong to "
                   "one of them: take one away or rename it");
}

// Paths of one variant join those of the others that look the same.
void note(std::vector<VariantMatcher::Oddity>& oddities, const std::string& variant,
          std::vector<std::string> paths) {
  if (paths.empty()) return;
  const std::size_t count = paths.size();
  paths.resize(std::min(count, kShownOfAList));
  const auto same = std::find_if(oddities.begin(), oddities.end(), [&](const auto& oddity) {
    return oddity.count == count && oddity.paths == paths;
  });
  if (same != oddities.end())
    same->variants.push_back(variant);
  else
    oddities.push_back({{variant}, count, std::move(paths)});
}

}  // namespace

bool is_nested(const std::string& path) { return path.find('/') != std::string::npos; }

VariantMatcher::VariantMatcher(std::vector<std::string> images) {
  for (std::string& path : images) images_.push_back({std::move(path), "", ""});
  set_keys();
}

std::string VariantMatcher::key_of(const std::string& path) const {
  const std::string stem = composed(image_stem(path));
  return by_name_ ? stem.substr(stem.rfind('/') + 1) : stem;
}

void VariantMatcher::set_keys() {
  std::map<std::string, const Image*> seen;
  for (Image& image : images_) {
    image.key = key_of(image.path);
    if (const auto [twin, fresh] = seen.emplace(image.key, &image); !fresh)
      refuse_twins("the images", twin->second->path, image.path);
  }
}

void VariantMatcher::add(const std::string& variant, const std::vector<std::string>& files) {
  if (!begun_) {
    std::vector<std::string> paths;
    for (const Image& image : images_) paths.push_back(image.path);
    by_name_ = (all_flat(paths) && all_nested(files)) || (all_nested(paths) && all_flat(files));
    begun_ = true;
    if (by_name_) set_keys();
  }
  std::unordered_map<std::string, std::string> unclaimed;  // key -> file
  for (const std::string& file : files)
    if (const auto [twin, fresh] = unclaimed.emplace(key_of(file), file); !fresh)
      refuse_twins(variant, twin->second, file);
  std::vector<std::string> missing, extra;
  for (Image& image : images_) {
    const auto found = unclaimed.find(image.key);
    const std::string stem = found == unclaimed.end() ? "" : image_stem(found->second);
    if (image.stem.empty()) image.stem = stem;
    if (!stem.empty() && composed(stem) == composed(image.stem)) {
      unclaimed.erase(found);
    } else {
      missing.push_back(image.path);
      image.complete = false;
    }
  }
  for (const std::string& file : files)
    if (const auto left = unclaimed.find(key_of(file)); left != unclaimed.end()) extra.push_back(file);
  note(missing_, variant, std::move(missing));
  note(extra_, variant, std::move(extra));
}

std::vector<VariantMatcher::Match> VariantMatcher::complete() const {
  std::vector<Match> matches;
  for (const Image& image : images_)
    if (image.complete) matches.push_back({image.path, image.stem});
  return matches;
}

std::string first_of(const std::vector<std::string>& words, std::size_t count) {
  return first_few(words, kShownOfAList, count);
}

std::string describe(const VariantMatcher::Oddity& oddity, const std::string& what) {
  return std::to_string(oddity.count) + " " + what + (oddity.count == 1 ? "" : "s") + " in " +
         first_of(oddity.variants, oddity.variants.size()) + ": " + first_of(oddity.paths, oddity.count);
}

}  // namespace wcam
