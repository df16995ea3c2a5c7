#include "analysis/tables/joined_plan.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/study/perturbation.h"
#include "common/study/wcam_options.h"

using nlohmann::json;

namespace wcam {

namespace {

std::string short_digest(const std::string& sha256) { return sha256.substr(0, 12); }

std::string channels_text(const std::array<double, 3>& channels) {
  const std::string text = json(channels).dump();
  return text.substr(1, text.size() - 2);
}

// What keeps sweeps from being one study, a line each.
class Differences {
 public:
  void note(const std::string& what, const std::string& first_value, const std::string& first,
            const std::string& value, const std::string& sweep, const std::string& remedy) {
    if (first_value != value)
      lines_.push_back(what + ": " + first_value + " in " + first + ", " + value + " in " + sweep + " (" +
                       remedy + ")");
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

// Of two of the sweeps.
class Comparison {
 public:
  Comparison(const std::vector<Plan>& sweeps, std::size_t first, std::size_t other, Differences& found)
      : first_(sweeps[first]),
        other_(sweeps[other]),
        first_letter_(letter_of(first)),
        other_letter_(letter_of(other)),
        found_(found) {}

  void settings() {
    note("perturbation", first_.perturbation, other_.perturbation, "sweeps of one family only");
    note_variants();
    note("seed", std::to_string(first_.seed), std::to_string(other_.seed),
         "it decides what corruptions do; compute one of them anew with the other's --seed");
    note("frost overlays", overlays(first_), overlays(other_), "compute one anew with the other's");
    note_wcam();
    note("input_size", std::to_string(first_.input_size()), std::to_string(other_.input_size()), kPixels);
    note("resize", std::to_string(first_.resize()), std::to_string(other_.resize()), kPixels);
  }

  // Of sweeps that choose by a rule: it must be one. Under `all` nothing is chosen by its outcome.
  void selection() {
    const SelectionSettings &a = first_.selection, &b = other_.selection;
    const bool published = a.rule == SelectionRule::kPublished;
    if (published != (b.rule == SelectionRule::kPublished))
      return note("select", std::string(to_string(a.rule)), std::string(to_string(b.rule)),
                  "published chooses images by what changes their predictions; compute one anew with the "
                  "other's --select");
    note("only correct sources", yes_or_no(a.only_correct), yes_or_no(b.only_correct),
         "--only-correct in all of them or in none");
    if (!published) return;
    const std::string raise = "wcam run --extend can raise the smaller";
    note("max_altered", std::to_string(a.max_altered), std::to_string(b.max_altered), raise);
    note("max_unaffected", std::to_string(a.max_unaffected), std::to_string(b.max_unaffected), raise);
    note("matched controls", yes_or_no(a.matched_controls), yes_or_no(b.matched_controls),
         "compute one anew with the other's --controls");
  }

 private:
  static constexpr const char* kPixels = "all cases of a study see the same pixels";

  void note(const std::string& what, const std::string& a, const std::string& b, const std::string& remedy) {
    found_.note(what, a, first_letter_, b, other_letter_, remedy);
  }

  void note_variants() {
    const std::set<std::string> a(first_.variants.begin(), first_.variants.end()),
        b(other_.variants.begin(), other_.variants.end());
    const auto text = [](const std::set<std::string>& of, const std::set<std::string>& other) {
      std::vector<std::string> only;
      std::set_difference(of.begin(), of.end(), other.begin(), other.end(), std::back_inserter(only));
      return std::to_string(of.size()) + (only.empty() ? "" : " with " + first_few(only, 3));
    };
    note("variants", text(a, b), text(b, a),
         has_severities(first_.perturbation)
             ? "wcam run --extend --corruptions ... --severities ... adds them where they are missing"
             : "wcam run --extend --variant-names ... adds them where they are missing");
  }

  static std::string overlays(const Plan& plan) {
    std::string digests;
    for (const PlannedImage& overlay : plan.frost_overlays)
      digests += (digests.empty() ? "" : ", ") + short_digest(overlay.sha256);
    return digests.empty() ? "none" : digests;
  }

  void note_wcam() {
    const json a = to_json(first_.wcam), b = to_json(other_.wcam);
    json names = a;
    names.update(b);
    names.erase("sufficient");  // no index depends on it
    const auto text = [](const json& settings, const std::string& name) {
      if (!settings.contains(name)) return std::string("none");
      return settings[name].is_string() ? settings[name].get<std::string>() : settings[name].dump();
    };
    for (const auto& [name, unused] : names.items()) {
      std::string option = "--" + name;
      std::replace(option.begin(), option.end(), '_', '-');
      const bool grows = name == "nb_design" && grows_by_points(first_.wcam.sampler);
      note(name, text(a, name), text(b, name),
           grows ? "wcam run --extend " + option + " can raise the smaller"
                 : "compute one of them anew with the other's " + option);
    }
  }

  const Plan &first_, &other_;
  std::string first_letter_, other_letter_;
  Differences& found_;
};

// The study as far as it is joined, sweep by sweep.
class Joiner {
 public:
  void add(const Plan& plan) {
    const std::size_t sweep = result_.images.size();
    if (sweep == 0) {
      result_.plan = plan;
      Plan& study = result_.plan;
      study.images.clear();
      study.cases.clear();
      study.earlier.clear();
      study.not_taken.clear();
      study.selection.lists.clear();
      study.selection.list_of_image.clear();
    }
    add_cases(plan, sweep);
    add_images(plan, sweep);
    for (const LabelKind kind : kLabelKinds)
      if (plan.explain.contains(kind)) result_.plan.explain.insert(kind);
    result_.plan.replicates = std::min(result_.plan.replicates, plan.replicates);
    result_.plan.selection.matched_controls |= plan.selection.matched_controls;
  }

  Differences& differences() { return differences_; }
  JoinedPlan& result() { return result_; }

 private:
  void add_cases(const Plan& plan, std::size_t sweep) {
    std::vector<CaseSpec>& cases = result_.plan.cases;
    std::vector<std::uint16_t>& places = result_.cases.emplace_back();
    for (const CaseSpec& one : plan.cases) {
      auto known =
          std::find_if(cases.begin(), cases.end(), [&](const CaseSpec& c) { return c.name == one.name; });
      places.push_back(static_cast<std::uint16_t>(known - cases.begin()));
      if (known == cases.end()) {
        remark_twin(one, sweep);
        cases.push_back(one);
        case_from_.push_back(sweep);
        continue;
      }
      compare(*known, case_from_[places.back()], one, sweep);
      if (known->classes.empty())
        known->classes = one.classes;  // no number depends on what classes are called
    }
  }

  void compare(const CaseSpec& known, std::size_t from, const CaseSpec& one, std::size_t sweep) {
    const std::string letter = letter_of(sweep);
    const auto note = [&](const char* what, const std::string& a, const std::string& b) {
      differences_.note("case " + one.name + ", " + what, a, letter_of(from), b, letter,
                        "--rename " + letter + ":" + one.name + "=" + one.name + std::to_string(sweep + 1) +
                            " lets both stand as cases");
    };
    note("SHA-256", short_digest(known.sha256), short_digest(one.sha256));
    note("mean", channels_text(known.mean), channels_text(one.mean));
    note("std", channels_text(known.std), channels_text(one.std));
  }

  // One network under two names in two sweeps is more often a slip than meant (one sweep has said so itself).
  void remark_twin(const CaseSpec& one, std::size_t sweep) {
    const std::vector<CaseSpec>& cases = result_.plan.cases;
    for (std::size_t c = 0; c < cases.size(); ++c)
      if (case_from_[c] != sweep && cases[c].sha256 == one.sha256 && cases[c].mean == one.mean &&
          cases[c].std == one.std) {
        result_.remarks.push_back(
            "Case " + one.name + " of " + letter_of(sweep) + " is the same network as " + cases[c].name +
            " of " + letter_of(case_from_[c]) + ": under one name (--rename) they are one case.");
        return;
      }
  }

  // Copies of one file in one sweep are several images there; of another sweep each is matched once, by its
  // name first.
  void add_images(const Plan& plan, std::size_t sweep) {
    constexpr std::uint32_t kNone = ~std::uint32_t{0};
    std::vector<std::uint32_t>& places = result_.images.emplace_back(plan.images.size(), kNone);
    std::vector<bool> taken(result_.plan.images.size());
    const auto take = [&](std::size_t i, std::uint32_t place) {
      taken[place] = true;
      places[i] = place;
      compare(place, plan.images[i], sweep);
    };
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto known = by_path_.find(plan.images[i].path);
      if (known != by_path_.end() && result_.plan.images[known->second].sha256 == plan.images[i].sha256)
        take(i, known->second);
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto [begin, end] = by_sha256_.equal_range(plan.images[i].sha256);
      const auto known = std::find_if(begin, end, [&](const auto& entry) { return !taken[entry.second]; });
      if (places[i] == kNone && known != end) take(i, known->second);
    }
    std::size_t told_apart = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i] != kNone) continue;
      places[i] = static_cast<std::uint32_t>(result_.plan.images.size());
      PlannedImage image = plan.images[i];
      if (by_path_.contains(image.path)) {
        image.path += " (" + short_digest(image.sha256) + ")";
        ++told_apart;
      }
      if (!by_path_.emplace(image.path, places[i]).second)
        throw InputError("two files would be image '" + image.path + "' of one study: rename one of them");
      image_from_.push_back(sweep);
      result_.plan.images.push_back(std::move(image));
    }
    for (std::size_t i = 0; i < places.size(); ++i)
      if (places[i] >= taken.size()) by_sha256_.emplace(plan.images[i].sha256, places[i]);
    if (told_apart > 0)
      result_.remarks.push_back(counted(told_apart, "image") + " of " + letter_of(sweep) +
                                (told_apart == 1 ? " has a name that means" : " have names that mean") +
                                " another file before: they are told apart by their SHA-256.");
  }

  void compare(std::uint32_t place, const PlannedImage& image, std::size_t sweep) {
    PlannedImage& known = result_.plan.images[place];
    const auto note = [&](const char* what, const std::string& a, const std::string& b, const char* remedy) {
      differences_.note("image " + known.path + ", " + what, a, letter_of(image_from_[place]), b,
                        letter_of(sweep), remedy);
    };
    note("SHA-256 of its variants", short_digest(known.variants_sha256), short_digest(image.variants_sha256),
         "the altered files are others; compute one sweep anew with the other's --variants");
    if (known.true_label && image.true_label)
      note("true label", std::to_string(*known.true_label), std::to_string(*image.true_label),
           "one of the lists of --labels is wrong");
    if (!known.true_label) known.true_label = image.true_label;
  }

  JoinedPlan result_;
  Differences differences_;
  std::vector<std::size_t> case_from_, image_from_;  // the sweep that had it first
  std::unordered_map<std::string, std::uint32_t> by_path_;
  std::multimap<std::string, std::uint32_t> by_sha256_;  // of equal ones the first first
};

template <typename Value>
void remark_unlike(std::vector<std::string>& remarks, const std::vector<Plan>& sweeps,
                   const std::string& what, const Value& value, const std::string& consequence) {
  std::vector<std::string> each;
  std::set<std::string> distinct;
  for (std::size_t s = 0; s < sweeps.size(); ++s) {
    each.push_back(value(sweeps[s]) + " in " + letter_of(s));
    distinct.insert(value(sweeps[s]));
  }
  if (distinct.size() > 1) remarks.push_back(what + ": " + joined(each) + "; " + consequence);
}

void remark_what_is_unlike(JoinedPlan& study, const std::vector<Plan>& sweeps) {
  remark_unlike(
      study.remarks, sweeps, "Labels explained", [](const Plan& plan) { return to_string(plan.explain); },
      "what is said of a label is of the images that were explained for it.");
  remark_unlike(
      study.remarks, sweeps, "Replicates", [](const Plan& plan) { return std::to_string(plan.replicates); },
      "noise is taken from what all of them have.");
  remark_unlike(
      study.remarks, sweeps, "Selection",
      [](const Plan& plan) { return std::string(to_string(plan.selection.rule)); },
      "what a file lists was chosen by whoever wrote it.");
  const auto all_published = std::all_of(sweeps.begin(), sweeps.end(), [](const Plan& plan) {
    return plan.selection.rule == SelectionRule::kPublished;
  });
  if (all_published) {
    remark_unlike(
        study.remarks, sweeps, "Cases that chose the images",
        [](const Plan& plan) {
          std::set<std::string> names;
          for (const CaseSpec& one : plan.cases) names.insert(one.name);
          return joined(names);
        },
        "a sweep's images are those of which some variant changes the prediction of each of its cases.");
  } else {
    remark_unlike(
        study.remarks, sweeps, "Matched controls",
        [](const Plan& plan) { return yes_or_no(plan.selection.matched_controls); },
        "pairs of equal severity are those of the sweeps that have them.");
  }
  const auto& images = study.plan.images;
  const auto labelled = std::count_if(images.begin(), images.end(),
                                      [](const PlannedImage& image) { return image.true_label.has_value(); });
  if (labelled > 0 && labelled < std::ssize(images))
    study.remarks.push_back("True labels are known of " + std::to_string(labelled) + " of " +
                            counted(images.size(), "image") +
                            ", and not used: wcam run --extend --labels adds the others.");
}

}  // namespace

std::string letter_of(std::size_t sweep) { return std::string(1, static_cast<char>('A' + sweep)); }

JoinedPlan join_plans(const std::vector<Plan>& sweeps) {
  Joiner study;
  std::optional<std::size_t> by_rule;  // the first that does not list what it explains
  for (std::size_t s = 0; s < sweeps.size(); ++s) {
    Comparison(sweeps, 0, s, study.differences()).settings();
    if (sweeps[s].selection.rule != SelectionRule::kListed) {
      if (!by_rule) by_rule = s;
      Comparison(sweeps, *by_rule, s, study.differences()).selection();
    }
    study.add(sweeps[s]);
  }
  if (const auto& lines = study.differences().lines(); !lines.empty())
    throw InputError("these sweeps are not one study, since they differ in what decides a number:" +
                     indented(lines));
  remark_what_is_unlike(study.result(), sweeps);
  return std::move(study.result());
}

}  // namespace wcam
