#include "common/study/plan.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/format_version.h"
#include "common/base/json_integer.h"
#include "common/base/message_text.h"
#include "common/base/sha256.h"
#include "common/study/image_files.h"
#include "common/study/perturbation.h"
#include "common/study/wcam_options.h"

using nlohmann::json;

namespace wcam {

namespace {

// Format 2 has what versions before 0.3.0 would pass over; a plan without that is written as they wrote it,
// so that its sweep keeps its id.
constexpr int kPublishedFormat = 1, kPlanFormat = 2;

bool is_published(const Plan& plan) {
  const SelectionSettings of_old{.rule = plan.selection.rule,
                                 .sample_size = plan.selection.sample_size,
                                 .max_altered = plan.selection.max_altered,
                                 .lists = plan.selection.lists,
                                 .list_of_image = plan.selection.list_of_image};
  return plan.selection == of_old && plan.explain == LabelKinds{LabelKind::kPredicted} &&
         plan.replicates == 1 && !plan.wcam.sufficient && plan.earlier.empty() &&
         !plan.images.front().true_label;
}

// Class lists are long and mostly shared by all cases: they stand once, cases refer to them by position.
json cases_to_json(const std::vector<CaseSpec>& cases, json& class_lists) {
  json list = json::array();
  class_lists = json::array();
  for (const auto& c : cases) {
    const json classes = c.classes;
    auto known = std::find(class_lists.begin(), class_lists.end(), classes);
    if (known == class_lists.end()) {
      class_lists.push_back(classes);
      known = class_lists.end() - 1;
    }
    list.push_back({{"name", c.name},
                    {"sha256", c.sha256},
                    {"input_size", c.input_size},
                    {"resize", c.resize},
                    {"mean", c.mean},
                    {"std", c.std},
                    {"class_list", known - class_lists.begin()}});
  }
  return list;
}

json to_json(LabelKinds kinds) {
  json list = json::array();
  for (const LabelKind kind : kLabelKinds)
    if (kinds.contains(kind)) list.push_back(to_string(kind));
  return list;
}

LabelKinds label_kinds_from_json(const json& list) {
  std::string kinds;
  for (const auto& kind : list) kinds += (kinds.empty() ? "" : ",") + kind.get<std::string>();
  return parse_label_kinds(kinds);
}

json to_json(const EarlierPlan& earlier) {
  json document{{"sweep_id", earlier.sweep_id},
                {"variants", earlier.variants},
                {"cases", earlier.cases},
                {"selection", to_json(earlier.selection)},
                {"explain", to_json(earlier.explain)},
                {"replicates", earlier.replicates},
                {"sample", earlier.sample}};
  if (earlier.nb_design != 0) document["nb_design"] = earlier.nb_design;
  return document;
}

EarlierPlan earlier_from_json(const json& document) {
  return {document.at("sweep_id").get<std::string>(),
          integer_of<std::size_t>(document.at("variants")),
          integer_of<std::size_t>(document.at("cases")),
          selection_settings_from_json(document.at("selection")),
          label_kinds_from_json(document.at("explain")),
          integer_of<int>(document.at("replicates")),
          document.at("sample").get<std::vector<std::string>>(),
          document.contains("nb_design") ? integer_of<int>(document["nb_design"]) : 0};
}

json identity(const Plan& plan) {
  json class_lists;
  json cases = cases_to_json(plan.cases, class_lists);
  json images = json::array();
  for (const auto& image : plan.images) {
    images.push_back({{"path", image.path}, {"sha256", image.sha256}});
    if (!image.variants_sha256.empty()) images.back()["variants_sha256"] = image.variants_sha256;
    if (image.true_label) images.back()["true_label"] = *image.true_label;
  }
  json document{{"format", is_published(plan) ? kPublishedFormat : kPlanFormat},
                {"perturbation", plan.perturbation},
                {"variants", plan.variants},
                {"images", std::move(images)},
                {"cases", std::move(cases)},
                {"class_lists", std::move(class_lists)},
                {"wcam", to_json(plan.wcam)},
                {"selection", to_json(plan.selection)},
                {"seed", plan.seed}};
  if (plan.explain != LabelKinds{LabelKind::kPredicted}) document["explain"] = to_json(plan.explain);
  if (plan.replicates != 1) document["replicates"] = plan.replicates;
  for (const EarlierPlan& earlier : plan.earlier) document["extends"].push_back(to_json(earlier));
  for (const auto& overlay : plan.frost_overlays)
    document["frost_overlays"].push_back({{"path", overlay.path}, {"sha256", overlay.sha256}});
  return document;
}

std::vector<CaseSpec> cases_from_json(const json& document) {
  std::vector<CaseSpec> cases;
  for (const auto& entry : document.at("cases")) {
    CaseSpec c;
    entry.at("name").get_to(c.name);
    entry.at("sha256").get_to(c.sha256);
    c.input_size = integer_of<int>(entry.at("input_size"));
    c.resize = integer_of<int>(entry.at("resize"));
    entry.at("mean").get_to(c.mean);
    entry.at("std").get_to(c.std);
    document.at("class_lists").at(integer_of<std::size_t>(entry.at("class_list"))).get_to(c.classes);
    c.file = document.at("locations").at("models").at(c.name).get<std::string>();
    cases.push_back(std::move(c));
  }
  return cases;
}

// Of long texts the beginning tells them apart, or else that they differ is enough.
std::string shortened(const std::string& text) {
  constexpr std::size_t kLongest = 60;
  return text.size() <= kLongest ? text : beginning(text, kLongest) + "...";
}

std::string short_digest(const std::string& sha256) { return sha256.substr(0, 12); }

void note(std::vector<std::string>& lines, const std::string& what, const std::string& old,
          const std::string& asked) {
  if (old != asked) lines.push_back(what + ": " + old + " in the sweep, " + asked + " asked");
}

std::string text_of(const json& setting) {
  return setting.is_string() ? setting.get<std::string>() : setting.dump();
}

using Names = std::map<std::string, std::string>;  // to what tells two of one name apart

// Those of `from` that `in` lacks, in one line.
void note_missing(std::vector<std::string>& lines, const std::string& kind, const Names& from,
                  const Names& in, const std::string& where) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> missing;
  for (const auto& [name, unused] : from)
    if (!in.contains(name)) missing.push_back(name);
  if (missing.empty()) return;
  lines.push_back(kind + (missing.size() == 1 ? " " : "s ") + first_few(missing, kShown) + ": " + where);
}

// Entries by name: what was taken away, added or changed.
void note_entries(std::vector<std::string>& lines, const std::string& kind, const Names& old,
                  const Names& asked) {
  note_missing(lines, kind, old, asked, "in the sweep, not asked");
  note_missing(lines, kind, asked, old, "asked, not in the sweep");
  for (const auto& [name, detail] : old)
    if (const auto found = asked.find(name); found != asked.end())
      note(lines, kind + " " + name, detail, found->second);
}

std::string channels_text(const std::array<double, 3>& channels) {
  std::string text = json(channels).dump();
  return text.substr(1, text.size() - 2);
}

// How many there are, or the first that differs.
void note_classes(std::vector<std::string>& lines, const std::string& of, const std::vector<std::string>& old,
                  const std::vector<std::string>& asked) {
  const auto count = [](const std::vector<std::string>& names) {
    return names.empty() ? "none" : counted(names.size(), "name");
  };
  if (old.size() != asked.size()) return note(lines, of + "classes", count(old), count(asked));
  const auto [a, b] = std::mismatch(old.begin(), old.end(), asked.begin());
  if (a != old.end())
    note(lines, of + "name of class " + std::to_string(a - old.begin()), "'" + shortened(*a) + "'",
         "'" + shortened(*b) + "'");
}

void note_cases(std::vector<std::string>& lines, const std::vector<CaseSpec>& old,
                const std::vector<CaseSpec>& asked) {
  const auto by_name = [](const std::vector<CaseSpec>& cases) {
    Names names;
    for (const CaseSpec& c : cases) names[c.name];
    return names;
  };
  note_entries(lines, "case", by_name(old), by_name(asked));
  for (const CaseSpec& a : old) {
    const auto b =
        std::find_if(asked.begin(), asked.end(), [&](const CaseSpec& c) { return c.name == a.name; });
    if (b == asked.end()) continue;
    const std::string of = "case " + a.name + ", ";
    note(lines, of + "SHA-256", short_digest(a.sha256), short_digest(b->sha256));
    note(lines, of + "input_size", std::to_string(a.input_size), std::to_string(b->input_size));
    note(lines, of + "resize", std::to_string(a.resize), std::to_string(b->resize));
    note(lines, of + "mean", channels_text(a.mean), channels_text(b->mean));
    note(lines, of + "std", channels_text(a.std), channels_text(b->std));
    note_classes(lines, of, a.classes, b->classes);
  }
}

Names by_path(const std::vector<PlannedImage>& images) {
  Names entries;
  for (const auto& image : images)
    entries[image.path] =
        "SHA-256 " + short_digest(image.sha256) +
        (image.variants_sha256.empty() ? "" : " with variants of " + short_digest(image.variants_sha256)) +
        (image.true_label ? " of class " + std::to_string(*image.true_label) : "");
  return entries;
}

void note_selection(std::vector<std::string>& lines, const SelectionSettings& old,
                    const SelectionSettings& asked) {
  note(lines, "select", std::string(to_string(old.rule)), std::string(to_string(asked.rule)));
  note(lines, "sample_size", std::to_string(old.sample_size), std::to_string(asked.sample_size));
  if (old.rule == SelectionRule::kPublished && asked.rule == old.rule)
    note(lines, "max_altered", std::to_string(old.max_altered), std::to_string(asked.max_altered));
  note(lines, "max_unaffected", std::to_string(old.max_unaffected), std::to_string(asked.max_unaffected));
  note(lines, "matched controls", yes_or_no(old.matched_controls), yes_or_no(asked.matched_controls));
  note(lines, "only correct sources", yes_or_no(old.only_correct), yes_or_no(asked.only_correct));
}

// Their numbers are of 16 bits, and a predict job holds all of an image's variants at once.
void refuse_too_many(std::size_t count, const std::string& kind) {
  constexpr std::size_t kMost = 10'000;
  if (count > kMost)
    throw InputError(std::to_string(count) + " " + kind + ", a sweep has at most " + std::to_string(kMost) +
                     ": choose some, or split them over several sweeps");
}

template <typename Range, typename Name>
void refuse_repeats(const Range& range, const std::string& kind, Name name) {
  std::set<std::string> seen;
  for (const auto& entry : range)
    if (!seen.insert(name(entry)).second) throw InputError(kind + " '" + name(entry) + "' is named twice");
}

void check_labels(const Plan& plan) {
  const auto labelled = std::count_if(plan.images.begin(), plan.images.end(),
                                      [](const PlannedImage& image) { return image.true_label.has_value(); });
  if (labelled != 0 && labelled != std::ssize(plan.images))
    throw InputError(std::to_string(labelled) + " of " + counted(plan.images.size(), "image") +
                     " have a true label: all or none must");
  for (const PlannedImage& image : plan.images)
    if (image.true_label && *image.true_label < 0)
      throw InputError("true label " + std::to_string(*image.true_label) + " of " + image.path +
                       " is below 0");
  if (plan.explain.empty()) throw InputError("no label is explained: name predicted, source or true");
  if (labelled != 0) return;
  if (plan.explain.contains(LabelKind::kTrue))
    throw InputError("the true label is to be explained and not known: give --labels");
  if (plan.selection.only_correct)
    throw InputError(
        "only images that are classified rightly are wanted, and what is right is not known: give --labels");
}

// Each has what the one before had, and its images are in the plan.
void check_earlier(const Plan& plan) {
  std::set<std::string> paths;
  for (const PlannedImage& image : plan.images) paths.insert(image.path);
  std::size_t variants = 1, cases = 1;
  const std::vector<std::string>* sample = nullptr;
  for (const EarlierPlan& earlier : plan.earlier) {
    const bool grows = earlier.variants >= variants && earlier.cases >= cases &&
                       earlier.variants <= plan.variants.size() && earlier.cases <= plan.cases.size();
    const bool keeps_sample =
        sample == nullptr || (earlier.sample.size() >= sample->size() &&
                              std::equal(sample->begin(), sample->end(), earlier.sample.begin()));
    const bool deepens = earlier.nb_design == 0 || earlier.nb_design < plan.wcam.nb_design;
    if (!grows || !keeps_sample || !deepens || earlier.explain.empty() || earlier.replicates < 1)
      throw InputError("the plan extends sweep " + earlier.sweep_id.substr(0, 12) +
                       ", which had what it has not");
    for (const std::string& image : earlier.sample)
      if (!paths.contains(image))
        throw InputError("the plan extends sweep " + earlier.sweep_id.substr(0, 12) + ", whose image '" +
                         image + "' it has not");
    variants = earlier.variants, cases = earlier.cases, sample = &earlier.sample;
  }
}

// A plan comes over the wire too: which files of a worker's host it names must not depend on who wrote it.
void refuse_escapes(const Plan& plan, const std::string& origin) {
  const auto check_below = [&](const std::string& path) {
    if (!stays_below(path))
      throw InputError(origin + " names '" + path + "', which is outside the folder of its kind");
  };
  for (const auto& image : plan.images) {
    check_below(image.path);
    if (!plan.variants_root.empty()) check_below(image.variant_stem);
  }
  for (const auto& overlay : plan.frost_overlays) check_below(overlay.path);
}

}  // namespace

const PlannedImage& Plan::find_image(const std::string& path) const {
  for (const auto& image : images)
    if (image.path == path) return image;
  throw InputError("no image '" + path + "' in the plan");
}

const CaseSpec& Plan::find_case(const std::string& name) const {
  for (const auto& c : cases)
    if (c.name == name) return c;
  throw InputError("no case '" + name + "' in the plan");
}

const std::string& Plan::variant_name(std::uint16_t variant) const {
  static const std::string kUnaltered(kSourceVariant);
  return variant == 0 ? kUnaltered : variants.at(variant - std::size_t{1});
}

std::vector<PredictBlock> Plan::predict_blocks() const {
  std::vector<PredictBlock> blocks{{0, 0}};
  const auto add = [&](std::size_t end) {
    if (blocks.back().end != 0 && blocks.back().end != end) blocks.push_back({blocks.back().end, 0});
    blocks.back().end = static_cast<std::uint16_t>(end);
  };
  for (const EarlierPlan& before : earlier) add(before.variants + 1);
  add(variants.size() + 1);
  return blocks;
}

PredictBlock Plan::predict_block_of(std::uint16_t variant) const {
  for (const PredictBlock& block : predict_blocks())
    if (variant < block.end) return block;
  invariant_broken("variant " + std::to_string(variant) + " is in no predict job");
}

JobId Plan::predict_job(const std::string& image, const PredictBlock& block,
                        const std::string& case_name) const {
  std::string names;
  if (block.begin > 0)
    for (std::uint16_t v = block.begin; v < block.end; ++v)
      names += (names.empty() ? "" : ",") + variant_name(v);
  return predict_job_id(image, case_name, names);
}

std::vector<std::string> Plan::sweep_ids() const {
  std::vector<std::string> ids{sweep_id(*this)};
  for (const EarlierPlan& before : earlier) ids.push_back(before.sweep_id);
  return ids;
}

bool Plan::had_fewer_points(const std::string& sweep_id) const {
  return std::any_of(earlier.begin(), earlier.end(), [&](const EarlierPlan& before) {
    return before.sweep_id == sweep_id && before.nb_design != 0;
  });
}

void check(const Plan& plan) {
  if (plan.images.empty()) throw InputError("no image in " + plan.images_root.string());
  if (plan.cases.empty()) throw InputError("no case: name at least one model");
  if (plan.variants.empty()) throw InputError("no variant: name at least one corruption and severity");
  refuse_too_many(plan.cases.size(), "cases");
  refuse_too_many(plan.variants.size(), "variants");
  check(plan.wcam);
  check(plan.selection, plan.images.size(), plan.variants.size(), plan.cases.size());
  check_labels(plan);
  check_earlier(plan);
  if (plan.replicates < 1 || plan.replicates > kMostReplicates)
    throw InputError("replicates " + std::to_string(plan.replicates) + " is outside 1 to " +
                     std::to_string(kMostReplicates));
  refuse_repeats(plan.images, "image", [](const PlannedImage& image) { return image.path; });
  refuse_repeats(plan.frost_overlays, "frost overlay", [](const PlannedImage& image) { return image.path; });
  if (plan.frost_overlays.empty() && std::any_of(plan.variants.begin(), plan.variants.end(), needs_overlays))
    throw InputError("frost without overlays: name a folder of photographs of frosted glass");
  refuse_repeats(plan.variants, "variant", [](const std::string& variant) { return variant; });
  refuse_repeats(plan.cases, "case", [](const CaseSpec& c) { return c.name; });
  for (const auto& c : plan.cases)
    if (c.input_size != plan.input_size() || c.resize != plan.resize())
      throw InputError("case '" + c.name + "' wants resize " + std::to_string(c.resize) + " and input_size " +
                       std::to_string(c.input_size) + ", case '" + plan.cases.front().name + "' " +
                       std::to_string(plan.resize()) + " and " + std::to_string(plan.input_size()) +
                       ": all cases of a sweep see the same pixels");
  if (const auto problem = side_problem(plan.wcam, plan.input_size(), "input_size"); !problem.empty())
    throw InputError(problem);
}

std::string to_json_text(const Plan& plan) {
  json document = identity(plan);
  json models = json::object();
  for (const auto& c : plan.cases) models[c.name] = c.file.string();
  if (!plan.not_taken.empty()) document["provenance"]["not_taken"] = plan.not_taken;
  json& locations = document["locations"];
  locations = {{"images_root", plan.images_root.string()}, {"models", models}};
  if (!plan.frost_overlays.empty()) locations["frost_overlays"] = plan.frost_root.string();
  if (!plan.variants_root.empty()) {
    locations["variants_root"] = plan.variants_root.string();
    json& elsewhere = locations["variant_stems"] = json::object();  // the others lie as the image does
    for (const auto& image : plan.images)
      if (image.variant_stem != image_stem(image.path)) elsewhere[image.path] = image.variant_stem;
  }
  return document.dump(1) + "\n";
}

Plan plan_from_json_text(const std::string& text, const std::string& origin) try {
  const json document = json::parse(text);
  check_format_version(origin, "plan format", integer_of<int>(document.at("format")), kPublishedFormat,
                       kPlanFormat);
  Plan plan;
  document.at("perturbation").get_to(plan.perturbation);
  document.at("variants").get_to(plan.variants);
  const json& locations = document.at("locations");
  plan.variants_root = locations.value("variants_root", "");
  for (const auto& entry : document.at("images")) {
    PlannedImage image{entry.at("path").get<std::string>(), entry.at("sha256").get<std::string>()};
    image.variants_sha256 = entry.value("variants_sha256", "");
    if (entry.contains("true_label")) image.true_label = integer_of<std::int64_t>(entry["true_label"]);
    if (!plan.variants_root.empty())
      image.variant_stem = locations.at("variant_stems").value(image.path, image_stem(image.path));
    plan.images.push_back(std::move(image));
  }
  plan.cases = cases_from_json(document);
  plan.wcam = wcam_settings_from_json(document.at("wcam"));
  plan.selection = selection_settings_from_json(document.at("selection"));
  if (document.contains("explain")) plan.explain = label_kinds_from_json(document["explain"]);
  if (document.contains("extends"))
    for (const auto& entry : document["extends"]) plan.earlier.push_back(earlier_from_json(entry));
  if (document.contains("replicates")) plan.replicates = integer_of<int>(document["replicates"]);
  plan.seed = integer_of<std::uint64_t>(document.at("seed"));
  plan.images_root = locations.at("images_root").get<std::string>();
  if (document.contains("frost_overlays")) {
    for (const auto& overlay : document["frost_overlays"])
      plan.frost_overlays.push_back(
          {overlay.at("path").get<std::string>(), overlay.at("sha256").get<std::string>()});
    plan.frost_root = locations.at("frost_overlays").get<std::string>();
  }
  if (document.contains("provenance")) document["provenance"].at("not_taken").get_to(plan.not_taken);
  if (plan.cases.empty()) throw InputError(origin + " names no case");
  refuse_escapes(plan, origin);
  return plan;
} catch (const json::exception& e) {
  throw InputError(origin + " is not a plan: " + e.what());
}

std::string sweep_id(const Plan& plan) { return sha256_of(identity(plan).dump()); }

Plan in_order_of(const Plan& in_sweep, Plan asked) {
  const auto reorder = [](const auto& order, auto& entries, const auto& name) {
    const auto place = [&](const auto& entry) {
      return std::find_if(order.begin(), order.end(), [&](const auto& o) { return name(o) == name(entry); }) -
             order.begin();
    };
    std::stable_sort(entries.begin(), entries.end(),
                     [&](const auto& a, const auto& b) { return place(a) < place(b); });
  };
  // What a file lists refers to them by number.
  if (asked.selection.rule == SelectionRule::kListed) return asked;
  reorder(in_sweep.variants, asked.variants, [](const std::string& v) -> const std::string& { return v; });
  reorder(in_sweep.cases, asked.cases, [](const CaseSpec& c) -> const std::string& { return c.name; });
  return asked;
}

void note_unlisted(std::vector<std::string>& lines, const Plan& from, const Plan& in,
                   const std::string& what) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < in.images.size(); ++i) places.emplace(in.images[i].path, i);
  for (std::size_t i = 0; i < from.images.size(); ++i) {
    const auto place = places.find(from.images[i].path);
    if (place == places.end()) continue;
    const auto& there = in.selection.listed(place->second);
    for (const ListedWcam& wcam : from.selection.listed(i))
      if (!std::binary_search(there.begin(), there.end(), wcam))
        lines.push_back("WCAM of " + from.images[i].path + ", " + from.variant_name(wcam.variant) + ", " +
                        from.cases[wcam.case_index].name + ": " + what);
  }
}

std::vector<std::string> differences(const Plan& in_sweep, const Plan& asked) {
  std::vector<std::string> lines;
  const json old = identity(in_sweep), wanted = identity(asked);
  for (const char* key : {"perturbation", "seed"}) note(lines, key, text_of(old[key]), text_of(wanted[key]));
  note(lines, "explain", to_string(in_sweep.explain), to_string(asked.explain));
  note(lines, "replicates", std::to_string(in_sweep.replicates), std::to_string(asked.replicates));
  for (const auto& [key, setting] : old["wcam"].items())
    if (key != "sufficient") note(lines, key, text_of(setting), text_of(wanted["wcam"][key]));
  note(lines, "sufficient", yes_or_no(in_sweep.wcam.sufficient), yes_or_no(asked.wcam.sufficient));
  note_selection(lines, in_sweep.selection, asked.selection);
  const auto named = [](const std::vector<std::string>& names) {
    Names entries;
    for (const auto& name : names) entries[name];
    return entries;
  };
  note_entries(lines, "variant", named(in_sweep.variants), named(asked.variants));
  note_cases(lines, in_sweep.cases, asked.cases);
  note_entries(lines, "image", by_path(in_sweep.images), by_path(asked.images));
  note_entries(lines, "frost overlay", by_path(in_sweep.frost_overlays), by_path(asked.frost_overlays));
  const auto same = [&](const char* key) { return old[key] == wanted[key]; };
  if (lines.empty() && in_sweep.selection.rule == SelectionRule::kListed && same("images") &&
      same("variants") && same("cases")) {
    note_unlisted(lines, in_sweep, asked, "in the sweep, not asked");
    note_unlisted(lines, asked, in_sweep, "asked, not in the sweep");
  }
  if (lines.empty() && old != wanted) lines.push_back("the order of cases, variants or images differs");
  return lines;
}

}  // namespace wcam
