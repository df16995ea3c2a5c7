#include "coordinator/queue/selection.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "coordinator/queue/seeded_order.h"

namespace wcam {

namespace {

using Variants = std::vector<std::uint16_t>;  // numbers of variants, from 1

bool affected(const Labels& labels, std::size_t variant) { return labels[variant] != labels[0]; }

// What the rules know of an image.
struct Subject {
  const Plan& plan;
  std::size_t image;
  std::span<const Labels> labels;

  // Smallest key first.
  Variants in_drawn_order(const Variants& variants, const char* purpose) const {
    std::vector<std::pair<std::uint64_t, std::uint16_t>> keys;
    for (const std::uint16_t v : variants)
      keys.emplace_back(seeded_key(plan.seed, plan.images[image].path, purpose, plan.variant_name(v)), v);
    std::sort(keys.begin(), keys.end());
    Variants order;
    for (const auto& [unused, v] : keys) order.push_back(v);
    return order;
  }

  template <typename Predicate>
  Variants variants_where(Predicate wanted) const {
    Variants found;
    for (std::size_t v = 1; v <= plan.variants.size(); ++v)
      if (wanted(v)) found.push_back(static_cast<std::uint16_t>(v));
    return found;
  }

  ExplainChoice choice(std::size_t case_index, std::uint16_t variant, Role role,
                       std::size_t role_index) const {
    return {static_cast<std::uint16_t>(case_index), variant, role, static_cast<std::uint16_t>(role_index),
            labels[case_index][variant]};
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

Decision published(const Subject& subject) {
  const auto& labels = subject.labels;
  const Variants altered = drawn(subject, subject.variants_where([&](std::size_t v) {
    return std::all_of(labels.begin(), labels.end(), [&](const Labels& l) { return affected(l, v); });
  }),
                                 static_cast<std::size_t>(subject.plan.selection.max_altered), "altered");
  Decision decision;
  if (altered.empty()) {
    decision.why = "no variant changes the prediction of every case";
    return decision;
  }
  decision.selected = true;
  for (std::size_t c = 0; c < labels.size(); ++c) {
    decision.choices.push_back(subject.choice(c, 0, Role::kSource, 0));
    for (std::size_t a = 0; a < altered.size(); ++a)
      decision.choices.push_back(subject.choice(c, altered[a], Role::kAltered, a));
    const Variants unaffected =
        drawn(subject, subject.variants_where([&](std::size_t v) { return !affected(labels[c], v); }), 1,
              "unaffected");
    if (!unaffected.empty())
      decision.choices.push_back(subject.choice(c, unaffected[0], Role::kUnaffected, 0));
  }
  return decision;
}

// The variants asked for of each case, ascending; 0 is the source.
std::vector<Variants> asked_variants(const Subject& subject) {
  const SelectionSettings& selection = subject.plan.selection;
  std::vector<Variants> asked(subject.labels.size());
  if (selection.rule == SelectionRule::kListed) {
    for (const ListedWcam& wcam : selection.lists[selection.list_of_image[subject.image]])
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

Decision all_asked(const Subject& subject) {
  const std::vector<Variants> asked = asked_variants(subject);
  const Variants altered = altered_by_number(subject, asked);
  Decision decision;
  decision.selected = true;
  for (std::size_t c = 0; c < asked.size(); ++c) {
    const auto wanted = [&](std::size_t v) {
      return std::binary_search(asked[c].begin(), asked[c].end(), v);
    };
    if (wanted(0)) decision.choices.push_back(subject.choice(c, 0, Role::kSource, 0));
    for (std::size_t a = 0; a < altered.size(); ++a)
      if (wanted(altered[a]) && affected(subject.labels[c], altered[a]))
        decision.choices.push_back(subject.choice(c, altered[a], Role::kAltered, a));
    const Variants unaffected = subject.in_drawn_order(
        subject.variants_where([&](std::size_t v) { return wanted(v) && !affected(subject.labels[c], v); }),
        "unaffected");
    for (std::size_t u = 0; u < unaffected.size(); ++u)
      decision.choices.push_back(subject.choice(c, unaffected[u], Role::kUnaffected, u));
  }
  return decision;
}

}  // namespace

Decision select(const Plan& plan, std::size_t image, std::span<const Labels> labels) {
  for (const Labels& of_case : labels)
    if (of_case.size() != plan.variants.size() + 1)
      invariant_broken("select(): labels of another number of variants");
  const Subject subject{plan, image, labels};
  return plan.selection.rule == SelectionRule::kPublished ? published(subject) : all_asked(subject);
}

std::uint64_t most_wcams(const Plan& plan) {
  const SelectionSettings& selection = plan.selection;
  if (selection.rule == SelectionRule::kListed) {
    std::uint64_t count = 0;
    for (const std::uint32_t list : selection.list_of_image) count += selection.lists[list].size();
    return count;
  }
  const std::size_t altered_or_not =
      selection.rule == SelectionRule::kAll
          ? plan.variants.size()
          : std::min(plan.variants.size(), static_cast<std::size_t>(selection.max_altered) + 1);
  return std::min(plan.images.size(), static_cast<std::size_t>(selection.sample_size)) * plan.cases.size() *
         (1 + altered_or_not);
}

}  // namespace wcam
