#include "coordinator/queue/decision_check.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace wcam {

namespace {

auto place_of(const JobSpec& spec) {
  return std::tuple(spec.image, spec.case_index, spec.variant, spec.explained.first(), spec.replicate);
}

std::string describe(const JobSpec& spec) {
  return to_string(spec.role) + " " + std::to_string(spec.role_index) + " for class " +
         std::to_string(spec.label) + " (" + to_string(spec.explained) + ")" +
         (spec.control_of == 0 ? "" : ", control of variant " + std::to_string(spec.control_of));
}

}  // namespace

DecisionCheck::DecisionCheck(const SweepState& state) : state_(state) {
  explain_jobs_.reserve(state.jobs().tally(JobKind::kExplain).all());
  for (const auto& [id, job] : state.jobs().all())
    if (job.spec.kind == JobKind::kExplain) explain_jobs_.push_back(&job);
  std::sort(explain_jobs_.begin(), explain_jobs_.end(),
            [](const Job* a, const Job* b) { return place_of(a->spec) < place_of(b->spec); });
  check_ranks();
  check_predict_jobs();
}

void DecisionCheck::found(const std::string& what) {
  if (!problem_) problem_ = what;
}

// Given once, and none left out.
void DecisionCheck::check_ranks() {
  std::vector<bool> given(state_.selected());
  for (std::uint32_t i = 0; i < state_.images().size(); ++i) {
    const auto& rank = state_.images()[i].rank;
    if (!rank) continue;
    if (*rank >= given.size() || given[*rank])
      return found("image " + state_.planned(i).path + " with rank " + std::to_string(*rank) +
                   (*rank < given.size() ? ", which another has" : " of " + std::to_string(given.size())));
    given[*rank] = true;
  }
}

// An image has one for each case, or is not begun.
void DecisionCheck::check_predict_jobs() {
  const std::size_t expected = std::size_t{state_.opened()} * state_.predict_jobs_per_image();
  const std::size_t there = state_.jobs().tally(JobKind::kPredict).all();
  if (there != expected)
    found(std::to_string(there) + " predict jobs, not " + std::to_string(expected) + ": " +
          std::to_string(state_.predict_jobs_per_image()) + " for each of the " +
          std::to_string(state_.opened()) + " images that are begun");
}

void DecisionCheck::take(const JobSpec& predict, const Labels& labels) {
  std::vector<Labels>& by_case = incomplete_[predict.image];
  by_case.resize(state_.plan().cases.size());
  Labels& of_case = by_case[predict.case_index];
  of_case.resize(state_.plan().variants.size() + 1, SweepState::kNoLabel);
  std::copy(labels.begin(), labels.end(), of_case.begin() + predict.variant);
  const auto lacks = [](const Labels& l) {
    return l.empty() || std::find(l.begin(), l.end(), SweepState::kNoLabel) != l.end();
  };
  if (std::any_of(by_case.begin(), by_case.end(), lacks)) return;
  judge(predict.image, by_case);
  incomplete_.erase(predict.image);
}

void DecisionCheck::judge(std::uint32_t image, std::span<const Labels> labels) {
  const ImageProgress& progress = state_.images()[image];
  const bool decided = progress.rank || progress.state == ImageState::kSkipped;
  if (!decided) return;
  const Decision decision = select(state_.plan(), state_.order()[image].index, labels);
  if (decision.selected != progress.rank.has_value())
    return found("image " + state_.planned(image).path + " as " + (progress.rank ? "selected" : "skipped") +
                 ", which its predictions " + (progress.rank ? "do not allow: " + decision.why : "select"));
  judge_jobs(image, decision);
}

std::span<const Job* const> DecisionCheck::explain_jobs_of(std::uint32_t image) const {
  const auto before = [](const Job* job, std::uint32_t wanted) { return job->spec.image < wanted; };
  const auto begin = std::lower_bound(explain_jobs_.begin(), explain_jobs_.end(), image, before);
  const auto end = std::lower_bound(begin, explain_jobs_.end(), image + 1, before);
  return {begin, end};
}

void DecisionCheck::judge_jobs(std::uint32_t image, const Decision& decision) {
  std::vector<JobSpec> expected;
  for (const ExplainChoice& c : decision.choices)
    expected.push_back({JobKind::kExplain, image, c.case_index, c.variant, c.role, c.role_index,
                        state_.images()[image].rank.value_or(0), c.label, c.explained, c.replicate,
                        c.control_of});
  std::sort(expected.begin(), expected.end(),
            [](const JobSpec& a, const JobSpec& b) { return place_of(a) < place_of(b); });
  const auto jobs = explain_jobs_of(image);
  for (std::size_t i = 0; i < std::max(jobs.size(), expected.size()); ++i) {
    const bool missing =
        i == jobs.size() || (i < expected.size() && place_of(expected[i]) < place_of(jobs[i]->spec));
    if (missing) return found("no job '" + state_.name_of(expected[i]) + "', which its predictions ask for");
    const JobSpec& spec = jobs[i]->spec;
    if (i == expected.size() || place_of(spec) < place_of(expected[i]))
      return found("'" + state_.name_of(spec) + "', which its predictions do not ask for");
    if (spec != expected[i])
      return found("'" + state_.name_of(spec) + "' as " + describe(spec) + ", which its predictions make " +
                   describe(expected[i]));
  }
}

}  // namespace wcam
