#include "common/store/answer_choice.h"

#include <algorithm>
#include <tuple>

namespace wcam::store {

namespace {

// Smaller counts. Rows of results.h5 have been seen by readers, so no late answer displaces them.
auto standing(const Occurrence& o) { return std::tuple(o.source != kResults, value(o.attempt), o.source); }

bool before(const Occurrence& a, const Occurrence& b) {
  return a.job != b.job ? a.job < b.job : standing(a) < standing(b);
}

bool same_job(const Occurrence& a, const Occurrence& b) { return a.job == b.job; }

}  // namespace

void AnswerChoice::offer(const Occurrence& occurrence) { chosen_.push_back(occurrence); }

void AnswerChoice::settle() {
  std::sort(chosen_.begin(), chosen_.end(), before);
  const auto end = std::unique(chosen_.begin(), chosen_.end(), same_job);
  duplicates_ = static_cast<std::size_t>(chosen_.end() - end);
  chosen_.erase(end, chosen_.end());
  taken_.assign(chosen_.size(), false);
}

std::size_t AnswerChoice::find(JobId job) const {
  const auto at = std::lower_bound(chosen_.begin(), chosen_.end(), job,
                                   [](const Occurrence& o, JobId wanted) { return o.job < wanted; });
  return at == chosen_.end() || at->job != job ? chosen_.size()
                                               : static_cast<std::size_t>(at - chosen_.begin());
}

bool AnswerChoice::is_chosen(const Occurrence& occurrence) const {
  const std::size_t at = find(occurrence.job);
  return at < chosen_.size() && standing(chosen_[at]) == standing(occurrence);
}

bool AnswerChoice::take(const Occurrence& occurrence) {
  const std::size_t at = find(occurrence.job);
  if (!is_chosen(occurrence) || taken_[at]) return false;
  taken_[at] = true;
  return true;
}

}  // namespace wcam::store
