#include "coordinator/queue/selection.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "common/base/error.h"
#include "common/study/perturbation.h"
#include "coordinator/queue/seeded_order.h"

namespace wcam {

namespace {

using Variants = std::vector<std::uint16_t>;  // numbers of variants, from 1

bool affected(const Labels& labels, std::size_t variant) { return labels[variant] != labels[0]; }

// What the rules know of an image: of an extended sweep, as it was or as it is.
struct Subject {
  const Plan& plan;
  std::size_t image;
  std::span<const Labels> labels;  // of the cases there were
  std::size_t variants;            // how many there were
  const SelectionSettings& selection;
  LabelKinds explain;
  int replicates;
  std::size_t place_in_list;  // into SelectionSettings::list_of_image

  // Smallest key first.
  Variants in_drawn_order(const Variants& candidates, const char* purpose) const {
    std::vector<std::pair<std::uint64_t, std::uint16_t>> keys;
    for (const std::uint16_t v : candidates)
      keys.emplace_back(seeded_key(plan.seed, plan.images[image].path, purpose, plan.variant_name(v)), v);
    std::sort(keys.begin(), keys.end());
    Variants order;
    for (const auto& [unused, v] : keys) order.push_back(v);
    return order;
  }

  // nullopt: no true label is known.
  std::optional<std::int64_t> label_of(LabelKind kind, std::size_t case_index, std::uint16_t variant) const {
    if (kind == LabelKind::kTrue) return plan.images[image].true_label;
    return labels[case_index][kind == LabelKind::kSource ? 0 : variant];
  }

  template <typename Predicate>
  Variants variants_where(Predicate wanted) const {
    Variants found;
    for (std::size_t v = 1; v <= variants; ++v)
      if (wanted(v)) found.push_back(static_cast<std::uint16_t>(v));
    return found;
  }
};

// The `count` with the smallest keys, in the plan's order.
Variants drawn(const Subject& subject, const Variants& candidates, std::size_t count, const char* purpose) {
  if (candidates.size() <= count) return candidates;
  Variants first = subject.in_drawn_order(candidates, purpose);
  first.resize(count);
  std::sort(first.begin(), first.end());
  return first;
}

// What the rules choose, before it is told which labels and how many replicates each is explained for.
struct Chosen {
  std::size_t case_index;
  std::uint16_t variant;
  Role role;
  std::size_t role_index;
  std::uint16_t control_of = 0;
};

// Of each altered variant the candidate nearest in severity, none twice; 0 where none is left. The nearest
// pairs are made first, of equally near ones in the order of `altered`, with the candidate drawn first.
Variants controls_of(const Subject& subject, const Variants& altered, const Variants& candidates) {
  const auto severity = [&](std::uint16_t v) { return parse_variant(subject.plan.variant_name(v)).severity; };
  Variants free = subject.in_drawn_order(candidates, "unaffected"), controls(altered.size());
  for (int apart = 0; apart <= kHighestSeverity; ++apart)
    for (std::size_t a = 0; a < altered.size(); ++a) {
      if (controls[a] != 0) continue;
      const auto found = std::find_if(free.begin(), free.end(), [&](std::uint16_t v) {
        return std::abs(severity(v) - severity(altered[a])) == apart;
      });
      if (found == free.end()) continue;
      controls[a] = *found;
      free.erase(found);
    }
  return controls;
}

Variants unaffected_under(const Subject& subject, std::size_t case_index) {
  return subject.variants_where([&](std::size_t v) { return !affected(subject.labels[case_index], v); });
}

// The unaffected variants of each case and what they are the control of, by number.
using Unaffected = std::vector<std::vector<std::pair<std::uint16_t, std::uint16_t>>>;

Unaffected drawn_unaffected(const Subject& subject) {
  Unaffected found(subject.labels.size());
  for (std::size_t c = 0; c < found.size(); ++c) {
    Variants order = subject.in_drawn_order(unaffected_under(subject, c), "unaffected");
    order.resize(std::min(order.size(), static_cast<std::size_t>(subject.selection.max_unaffected)));
    for (const std::uint16_t v : order) found[c].emplace_back(v, 0);
  }
  return found;
}

// Each case's controls, then the other cases' where they do not affect this one. Controls that affect another
// case join `altered`, behind those that are there.
Unaffected matched_unaffected(const Subject& subject, Variants& altered) {
  Unaffected found(subject.labels.size());
  Variants all;
  for (std::size_t c = 0; c < found.size(); ++c) {
    const Variants controls = controls_of(subject, altered, unaffected_under(subject, c));
    for (std::size_t a = 0; a < controls.size(); ++a)
      if (controls[a] != 0) found[c].emplace_back(controls[a], altered[a]);
    all.insert(all.end(), controls.begin(), controls.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::erase(all, 0);
  for (const std::uint16_t v : subject.in_drawn_order(all, "unaffected")) {
    bool affects = false;
    for (std::size_t c = 0; c < found.size(); ++c) {
      const auto is_it = [v](const auto& control) { return control.first == v; };
      if (affected(subject.labels[c], v))
        affects = true;
      else if (std::none_of(found[c].begin(), found[c].end(), is_it))
        found[c].emplace_back(v, 0);
    }
    if (affects) altered.push_back(v);
  }
  return found;
}

std::vector<Chosen> published(const Subject& subject) {
  const auto& labels = subject.labels;
  Variants altered = drawn(subject, subject.variants_where([&](std::size_t v) {
    return std::all_of(labels.begin(), labels.end(), [&](const Labels& l) { return affected(l, v); });
  }),
                           static_cast<std::size_t>(subject.selection.max_altered), "altered");
  std::vector<Chosen> chosen;
  if (altered.empty()) return chosen;
  const Unaffected unaffected =
      subject.selection.matched_controls ? matched_unaffected(subject, altered) : drawn_unaffected(subject);
  for (std::size_t c = 0; c < labels.size(); ++c) {
    chosen.push_back({c, 0, Role::kSource, 0});
    for (std::size_t a = 0; a < altered.size(); ++a)
      if (affected(labels[c], altered[a])) chosen.push_back({c, altered[a], Role::kAltered, a});
    for (std::size_t u = 0; u < unaffected[c].size(); ++u)
      chosen.push_back({c, unaffected[c][u].first, Role::kUnaffected, u, unaffected[c][u].second});
  }
  return chosen;
}

// The variants asked for of each case, ascending; 0 is the source.
std::vector<Variants> asked_variants(const Subject& subject) {
  const SelectionSettings& selection = subject.selection;
  std::vector<Variants> asked(subject.labels.size());
  if (selection.rule == SelectionRule::kListed) {
    for (const ListedWcam& wcam : selection.listed(subject.place_in_list))
      asked[wcam.case_index].push_back(wcam.variant);
    return asked;
  }
  Variants all = subject.variants_where([](std::size_t) { return true; });
  all.insert(all.begin(), 0);
  std::fill(asked.begin(), asked.end(), all);
  return asked;
}

// The altered variants by number: affected under most of the cases that ask for them first.
Variants altered_by_number(const Subject& subject, const std::vector<Variants>& asked) {
  std::vector<int> cases(subject.plan.variants.size() + 1);
  for (std::size_t c = 0; c < asked.size(); ++c)
    for (const std::uint16_t v : asked[c])
      if (affected(subject.labels[c], v)) ++cases[v];
  Variants order = subject.variants_where([&](std::size_t v) { return cases[v] > 0; });
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint16_t a, std::uint16_t b) { return cases[a] > cases[b]; });
  return order;
}

std::vector<Chosen> all_asked(const Subject& subject) {
  const std::vector<Variants> asked = asked_variants(subject);
  const Variants altered = altered_by_number(subject, asked);
  std::vector<Chosen> chosen;
  for (std::size_t c = 0; c < asked.size(); ++c) {
    const auto wanted = [&](std::size_t v) {
      return std::binary_search(asked[c].begin(), asked[c].end(), v);
    };
    if (wanted(0)) chosen.push_back({c, 0, Role::kSource, 0});
    Variants altered_here;
    for (std::size_t a = 0; a < altered.size(); ++a) {
      if (!wanted(altered[a]) || !affected(subject.labels[c], altered[a])) continue;
      chosen.push_back({c, altered[a], Role::kAltered, a});
      altered_here.push_back(altered[a]);
    }
    const Variants unaffected = subject.in_drawn_order(
        subject.variants_where([&](std::size_t v) { return wanted(v) && !affected(subject.labels[c], v); }),
        "unaffected");
    const Variants controls =
        subject.selection.matched_controls ? controls_of(subject, altered_here, unaffected) : Variants();
    for (std::size_t u = 0; u < unaffected.size(); ++u) {
      const auto match = std::find(controls.begin(), controls.end(), unaffected[u]);
      const std::uint16_t of = match == controls.end()
                                   ? std::uint16_t{0}
                                   : altered_here[static_cast<std::size_t>(match - controls.begin())];
      chosen.push_back({c, unaffected[u], Role::kUnaffected, u, of});
    }
  }
  return chosen;
}

// What a class is to a variant under a case.
LabelKinds kinds_of(const Subject& subject, const Chosen& chosen, std::int64_t label) {
  LabelKinds kinds;
  for (const LabelKind kind : kLabelKinds)
    if (subject.label_of(kind, chosen.case_index, chosen.variant) == label) kinds.insert(kind);
  return kinds;
}

// Each class that the plan asks for once, in the order of LabelKind.
void explain(const Subject& subject, const Chosen& chosen, std::vector<ExplainChoice>& choices) {
  std::vector<std::int64_t> done;
  for (const LabelKind kind : kLabelKinds) {
    const auto label = subject.label_of(kind, chosen.case_index, chosen.variant);
    if (!subject.explain.contains(kind) || std::find(done.begin(), done.end(), label) != done.end()) continue;
    done.push_back(*label);
    for (int replicate = 0; replicate < subject.replicates; ++replicate)
      choices.push_back({static_cast<std::uint16_t>(chosen.case_index), chosen.variant, chosen.role,
                         static_cast<std::uint16_t>(chosen.role_index), *label,
                         kinds_of(subject, chosen, *label), static_cast<std::uint16_t>(replicate),
                         chosen.control_of});
  }
}

// Why the image is left out before any rule is asked; empty: it is not.
std::string obstacle(const Subject& subject) {
  if (!subject.selection.only_correct) return "";
  for (std::size_t c = 0; c < subject.labels.size(); ++c)
    if (subject.labels[c][0] != *subject.plan.images[subject.image].true_label)
      return "case " + subject.plan.cases[c].name + " takes the source for another class than its true one";
  return "";
}

Decision decide(const Subject& subject) {
  Decision decision;
  decision.why = obstacle(subject);
  if (!decision.why.empty()) return decision;
  const bool by_published = subject.selection.rule == SelectionRule::kPublished;
  const std::vector<Chosen> chosen = by_published ? published(subject) : all_asked(subject);
  decision.selected = !by_published || !chosen.empty();
  if (!decision.selected) decision.why = "no variant changes the prediction of every case";
  for (const Chosen& one : chosen) explain(subject, one, decision.choices);
  return decision;
}

auto role_of(const ExplainChoice& c) { return std::pair(c.case_index, c.variant); }

// What an earlier plan chose stays as it is; what is new of `now` comes behind it.
class Merge {
 public:
  explicit Merge(std::vector<ExplainChoice> kept) : choices_(std::move(kept)) {
    for (const ExplainChoice& c : choices_) note(c);
  }

  void add(const std::vector<ExplainChoice>& now) {
    for (ExplainChoice c : now) {
      if (const auto known = by_place_.find(role_of(c)); known != by_place_.end())
        c.role_index = known->second.role_index, c.control_of = known->second.control_of;
      else
        number(c);
      if (ids_.insert({role_of(c), c.explained.first(), c.replicate}).second) choices_.push_back(c);
    }
  }

  const std::vector<ExplainChoice>& choices() const { return choices_; }
  std::vector<ExplainChoice> sorted() && {
    std::sort(choices_.begin(), choices_.end(), [](const ExplainChoice& a, const ExplainChoice& b) {
      const auto key = [](const ExplainChoice& c) {
        return std::tuple(c.case_index, c.role, c.role_index, c.explained.first(), c.replicate);
      };
      return key(a) < key(b);
    });
    return std::move(choices_);
  }

 private:
  struct Place {
    std::uint16_t role_index = 0, control_of = 0;
  };

  // Altered variants have one number in all cases, unaffected ones are counted case by case.
  void number(ExplainChoice& c) {
    if (c.control_of != 0 && !controlled_.insert({c.case_index, c.control_of}).second) c.control_of = 0;
    if (c.role == Role::kAltered) {
      const auto [known, is_new] = altered_.try_emplace(c.variant, end_of_altered_);
      if (is_new) ++end_of_altered_;
      c.role_index = known->second;
    } else if (c.role == Role::kUnaffected) {
      c.role_index = end_of_unaffected_[c.case_index]++;
    }
    by_place_.try_emplace(role_of(c), Place{c.role_index, c.control_of});
  }

  void note(const ExplainChoice& c) {
    const auto end = static_cast<std::uint16_t>(c.role_index + 1);
    by_place_.try_emplace(role_of(c), Place{c.role_index, c.control_of});
    ids_.insert({role_of(c), c.explained.first(), c.replicate});
    if (c.control_of != 0) controlled_.insert({c.case_index, c.control_of});
    if (c.role == Role::kAltered) {
      altered_.emplace(c.variant, c.role_index);
      end_of_altered_ = std::max(end_of_altered_, end);
    } else if (c.role == Role::kUnaffected) {
      end_of_unaffected_[c.case_index] = std::max(end_of_unaffected_[c.case_index], end);
    }
  }

  std::vector<ExplainChoice> choices_;
  std::map<std::pair<std::uint16_t, std::uint16_t>, Place> by_place_;  // (case, variant)
  std::set<std::tuple<std::pair<std::uint16_t, std::uint16_t>, LabelKind, std::uint16_t>> ids_;
  std::set<std::pair<std::uint16_t, std::uint16_t>> controlled_;  // (case, altered variant)
  std::map<std::uint16_t, std::uint16_t> altered_, end_of_unaffected_;
  std::uint16_t end_of_altered_ = 0;
};

// What was chosen, for all labels and replicates that there are now; and under all cases, added ones too, the
// source, what is altered, and controls.
std::vector<ExplainChoice> carried_on(const Subject& subject, const std::vector<ExplainChoice>& kept) {
  std::set<std::pair<std::size_t, std::uint16_t>> places;  // (case, variant)
  for (const ExplainChoice& c : kept) {
    const bool shared = c.role != Role::kUnaffected || subject.selection.matched_controls;
    places.insert({c.case_index, c.variant});
    for (std::size_t other = 0; shared && other < subject.labels.size(); ++other)
      places.insert({other, c.variant});
  }
  std::vector<ExplainChoice> choices;
  for (const auto& [c, v] : places) {
    const Role role = v == 0                           ? Role::kSource
                      : affected(subject.labels[c], v) ? Role::kAltered
                                                       : Role::kUnaffected;
    explain(subject, {c, v, role, 0}, choices);
  }
  return choices;
}

Decision decide_extended(const Subject& now) {
  const std::string& path = now.plan.images[now.image].path;
  std::optional<Decision> merged;
  const auto merge = [&](const Subject& subject) {
    Decision decision = decide(subject);
    if (!merged) {
      merged = std::move(decision);
      return;
    }
    Merge all(std::move(merged->choices));
    // The other rules ask for all of it anyway.
    if (subject.selection.rule == SelectionRule::kPublished) all.add(carried_on(subject, all.choices()));
    all.add(decision.choices);
    merged->choices = std::move(all).sorted();
  };
  for (const EarlierPlan& before : now.plan.earlier) {
    const auto place = std::find(before.sample.begin(), before.sample.end(), path);
    if (place == before.sample.end()) continue;
    merge({now.plan, now.image, now.labels.first(before.cases), before.variants, before.selection,
           before.explain, before.replicates, static_cast<std::size_t>(place - before.sample.begin())});
  }
  merge(now);
  return *merged;
}

}  // namespace

Decision select(const Plan& plan, std::size_t image, std::span<const Labels> labels) {
  for (const Labels& of_case : labels)
    if (of_case.size() != plan.variants.size() + 1)
      invariant_broken("select(): labels of another number of variants");
  const Subject now{plan,           image,        labels,          plan.variants.size(),
                    plan.selection, plan.explain, plan.replicates, image};
  return plan.earlier.empty() ? decide(now) : decide_extended(now);
}

std::size_t most_variants(const Plan& plan) {
  const auto most_of = [&](const SelectionSettings& selection, std::size_t cases) {
    if (selection.rule != SelectionRule::kPublished) return plan.variants.size();
    const auto altered = static_cast<std::size_t>(selection.max_altered);
    return altered + (selection.matched_controls ? altered * cases
                                                 : static_cast<std::size_t>(selection.max_unaffected));
  };
  std::size_t most = most_of(plan.selection, plan.cases.size());
  for (const EarlierPlan& before : plan.earlier) most += most_of(before.selection, before.cases);
  return std::min(plan.variants.size(), most);
}

std::uint64_t most_wcams(const Plan& plan) {
  const SelectionSettings& selection = plan.selection;
  const auto of_variant = static_cast<std::uint64_t>(plan.explain.size());
  // What is predicted for the source is the source's label.
  const bool both = plan.explain.contains(LabelKind::kPredicted) && plan.explain.contains(LabelKind::kSource);
  const std::uint64_t of_source = of_variant - (both ? 1 : 0);
  std::uint64_t count = 0;
  if (selection.rule == SelectionRule::kListed)
    for (const std::uint32_t list : selection.list_of_image)
      for (const ListedWcam& wcam : selection.lists[list])
        count += wcam.variant == 0 ? of_source : of_variant;
  else
    count = std::min(plan.images.size(), static_cast<std::size_t>(selection.sample_size)) *
            plan.cases.size() * (of_source + most_variants(plan) * of_variant);
  return count * static_cast<std::uint64_t>(plan.replicates);
}

}  // namespace wcam
