// How fast a sweep goes and how long it will take, from what was done when. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

#include "coordinator/queue/sweep_state.h"

namespace wcam {

struct JobsDone {
  std::size_t predicted = 0, explained = 0;
};
JobsDone jobs_done(const SweepState& state);

struct JobsLeft {
  double to_predict = 0, to_explain = 0;
};
// Of the jobs known, and of the images still to be selected as many WCAMs as those selected had; before the
// first as many as an image may have.
JobsLeft jobs_left(const SweepState& state);

class Progress {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Forwards that one job of either kind takes.
  Progress(double forwards_per_prediction, double forwards_per_wcam)
      : forwards_per_prediction_(forwards_per_prediction), forwards_per_wcam_(forwards_per_wcam) {}

  // What is done by now: once a second or so, in order of time.
  void mark(TimePoint now, const JobsDone& done);

  // Over the last minute, or since the last few WCAMs if that is longer; 0 before the second mark.
  double jobs_per_minute() const;
  // Until that is done, at the speed of the forwards done over the same time. nullopt while nothing is done,
  // or WCAMs are left and none is done: predictions, whose forwards wait for images and variants, are no
  // measure of WCAMs.
  std::optional<double> eta_seconds(const JobsLeft& left) const;

 private:
  struct Mark {
    TimePoint time;
    JobsDone done;
  };
  double elapsed_seconds() const;
  double forwards(double predictions, double wcams) const {
    return forwards_per_prediction_ * predictions + forwards_per_wcam_ * wcams;
  }

  const double forwards_per_prediction_, forwards_per_wcam_;
  std::deque<Mark> marks_;  // as far back as the rate is measured
};

}  // namespace wcam
