#include "common/study/extension.h"

#include <algorithm>
#include <functional>
#include <set>
#include <unordered_map>

#include "common/base/error.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

// The sweep's own first; of one name the one asked for, so that a change is noticed.
template <typename Entry, typename Name>
std::vector<Entry> joined_entries(const std::vector<Entry>& own, const std::vector<Entry>& asked, Name name) {
  const auto find = [&](const std::vector<Entry>& in, const Entry& wanted) {
    return std::find_if(in.begin(), in.end(),
                        [&](const Entry& e) { return std::invoke(name, e) == std::invoke(name, wanted); });
  };
  std::vector<Entry> all;
  for (const Entry& entry : own) {
    const auto known = find(asked, entry);
    all.push_back(known == asked.end() ? entry : *known);
  }
  for (const Entry& entry : asked)
    if (find(own, entry) == own.end()) all.push_back(entry);
  return all;
}

// What `asked` lists for each image, in the numbers of `grown`.
void renumber_lists(const Plan& asked, Plan& grown) {
  const auto number = [](const auto& in, const auto& name, const auto& of) {
    return static_cast<std::uint16_t>(
        std::find_if(in.begin(), in.end(), [&](const auto& e) { return of(e) == name; }) - in.begin());
  };
  const auto self = [](const std::string& v) { return v; };
  const auto case_name = [](const CaseSpec& c) { return c.name; };
  for (auto& list : grown.selection.lists) {
    for (ListedWcam& wcam : list) {
      if (wcam.variant != 0)
        wcam.variant =
            static_cast<std::uint16_t>(number(grown.variants, asked.variant_name(wcam.variant), self) + 1);
      wcam.case_index = number(grown.cases, asked.cases[wcam.case_index].name, case_name);
    }
    std::sort(list.begin(), list.end());
  }
}

std::unordered_map<std::string, std::size_t> places(const Plan& plan) {
  std::unordered_map<std::string, std::size_t> found;
  for (std::size_t i = 0; i < plan.images.size(); ++i) found.emplace(plan.images[i].path, i);
  return found;
}

bool deepens(const Plan& in_sweep, const Plan& grown) {
  return grown.wcam.nb_design > in_sweep.wcam.nb_design && grows_by_points(in_sweep.wcam.sampler);
}

// `grown` without what may be new in it: what still differs may not.
Plan without_additions(const Plan& in_sweep, Plan grown) {
  const bool more_variants = grown.variants.size() > in_sweep.variants.size();
  grown.variants.resize(std::min(grown.variants.size(), in_sweep.variants.size()));
  grown.cases.resize(std::min(grown.cases.size(), in_sweep.cases.size()));
  const auto known = places(in_sweep);
  std::erase_if(grown.images, [&](const PlannedImage& image) { return !known.contains(image.path); });
  if (more_variants)  // the digest is of all of them
    for (PlannedImage& image : grown.images)
      image.variants_sha256 = in_sweep.images[known.at(image.path)].variants_sha256;
  if (!in_sweep.images.front().true_label)
    for (PlannedImage& image : grown.images) image.true_label.reset();
  grown.explain = in_sweep.explain;
  if (grown.replicates > in_sweep.replicates) grown.replicates = in_sweep.replicates;
  if (deepens(in_sweep, grown)) grown.wcam.nb_design = in_sweep.wcam.nb_design;
  if (in_sweep.frost_overlays.empty()) grown.frost_overlays.clear();
  grown.earlier = in_sweep.earlier;
  SelectionSettings& selection = grown.selection;
  const SelectionSettings& own = in_sweep.selection;
  selection.sample_size = std::min(selection.sample_size, own.sample_size);
  selection.max_altered = std::min(selection.max_altered, own.max_altered);
  selection.max_unaffected = std::min(selection.max_unaffected, own.max_unaffected);
  if (selection.rule == own.rule && own.rule == SelectionRule::kListed) {
    const auto at = places(grown);
    std::vector<PlannedImage> images;  // in the order of the sweep's file
    for (const PlannedImage& image : in_sweep.images)
      if (const auto place = at.find(image.path); place != at.end())
        images.push_back(grown.images[place->second]);
    grown.images = std::move(images);
    selection.lists = own.lists;
    selection.list_of_image = own.list_of_image;
  }
  return grown;
}

EarlierPlan as_earlier(const Plan& plan, std::vector<std::string> sample) {
  EarlierPlan earlier{sweep_id(plan), plan.variants.size(), plan.cases.size(), plan.selection,
                      plan.explain,   plan.replicates,      std::move(sample), 0};
  if (plan.selection.rule != SelectionRule::kListed) return earlier;
  const auto at = places(plan);
  earlier.selection.list_of_image.clear();
  for (const std::string& image : earlier.sample)
    earlier.selection.list_of_image.push_back(plan.selection.list_of_image[at.at(image)]);
  return earlier;
}

}  // namespace

Plan extended(const Plan& in_sweep, const Plan& asked, std::vector<std::string> sample) {
  Plan grown = asked;
  grown.variants = joined_entries(in_sweep.variants, asked.variants, std::identity{});
  grown.cases = joined_entries(in_sweep.cases, asked.cases, &CaseSpec::name);
  for (const LabelKind kind : kLabelKinds)
    if (in_sweep.explain.contains(kind)) grown.explain.insert(kind);
  grown.earlier = in_sweep.earlier;
  const bool listed = asked.selection.rule == SelectionRule::kListed;
  if (listed) renumber_lists(asked, grown);
  std::vector<std::string> lines = differences(in_sweep, without_additions(in_sweep, grown));
  if (lines.empty() && listed) note_unlisted(lines, in_sweep, grown, "in the sweep, not asked");
  if (!lines.empty())
    throw InputError("the sweep cannot be extended so: what it has must stay as it is" + indented(lines));
  if (sweep_id(grown) == sweep_id(in_sweep)) return grown;
  // Before the sweep has decided its images again, those of its parent are not its own yet.
  if (!in_sweep.earlier.empty() && sample.size() < in_sweep.earlier.back().sample.size())
    sample = in_sweep.earlier.back().sample;
  grown.earlier.push_back(as_earlier(in_sweep, std::move(sample)));
  if (deepens(in_sweep, grown))
    for (EarlierPlan& earlier : grown.earlier)
      if (earlier.nb_design == 0) earlier.nb_design = in_sweep.wcam.nb_design;
  return grown;
}

std::vector<std::string> additions(const Plan& in_sweep, const Plan& grown) {
  std::vector<std::string> lines;
  constexpr std::size_t kShown = 5;
  const auto note = [&](const std::string& kind, const std::vector<std::string>& names) {
    if (!names.empty()) lines.push_back(counted(names.size(), kind) + ": " + first_few(names, kShown));
  };
  std::vector<std::string> cases;
  for (std::size_t c = in_sweep.cases.size(); c < grown.cases.size(); ++c)
    cases.push_back(grown.cases[c].name);
  note("case", cases);
  note("variant", {grown.variants.begin() + std::ssize(in_sweep.variants), grown.variants.end()});
  const auto known = places(in_sweep);
  std::vector<std::string> images;
  for (const PlannedImage& image : grown.images)
    if (!known.contains(image.path)) images.push_back(image.path);
  note("image", images);
  const auto number = [&](const std::string& what, int own, int now) {
    if (now != own) lines.push_back(what + ": " + std::to_string(now) + " instead of " + std::to_string(own));
  };
  number("sample size", in_sweep.selection.sample_size, grown.selection.sample_size);
  number("altered variants per image", in_sweep.selection.max_altered, grown.selection.max_altered);
  number("unaffected variants per image and case", in_sweep.selection.max_unaffected,
         grown.selection.max_unaffected);
  number("replicates", in_sweep.replicates, grown.replicates);
  number("design points", in_sweep.wcam.nb_design, grown.wcam.nb_design);
  if (grown.explain != in_sweep.explain)
    lines.push_back("labels explained: " + to_string(grown.explain) + " instead of " +
                    to_string(in_sweep.explain));
  if (grown.images.front().true_label && !in_sweep.images.front().true_label)
    lines.emplace_back("true labels");
  return lines;
}

}  // namespace wcam
