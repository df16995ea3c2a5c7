#include "tests/coordinator/simulation/worker.h"

#include <utility>

#include "common/base/sha256.h"

namespace wcam::simulation {

namespace {

constexpr milliseconds kTick{200};                 // worker/protocol/session.cc: kLongestWait
constexpr milliseconds kLookEvery{1'000};          // worker/protocol/session.cc
constexpr milliseconds kFarewellPatience{15'000};  // worker/jobs/worker.cc
constexpr milliseconds kStoreAgainAfter{5'000};    // worker/jobs/worker.cc
constexpr std::size_t kResultsPerSegment = 4;
constexpr std::chrono::seconds kPatience{60};

Conversation::Options options_of(const std::string& name) {
  return {name, "here", 1, "cpu", "", 8, kPatience};
}

wire::Outcome failure_of(const wire::Job& job, wire::Failure::Kind kind) {
  wire::Outcome outcome;
  outcome.mutable_failure()->set_kind(kind);
  outcome.mutable_failure()->set_text("made to fail: " + short_name(job.job(), job.attempt()));
  return outcome;
}

}  // namespace

Worker::Worker(World& world, const std::string& name)
    : world_(world),
      name_(name),
      hand_in_(world.chance.time(milliseconds{0}, milliseconds{2'000})),
      slowness_(world.chance.one_in(4) ? 5 : 1),
      conversation_(options_of(name), world.clock.now()) {
  world_.tell(name_, [] { return "starts"; });
  ++world_.referee.happenings["workers started"];
  look_for_coordinator();
  tick();
}

void Worker::later(milliseconds delay, std::function<void()> action) {
  world_.clock.after(delay, [this, action = std::move(action)]() mutable {
    if (!alive_) return;
    if (paused_)
      missed_.push_back(std::move(action));
    else
      action();
  });
}

void Worker::tick() {
  converse();
  later(kTick, [this] { tick(); });
}

// A coordinator that restarted may listen elsewhere: its endpoint file says so.
void Worker::look_for_coordinator() {
  later(kLookEvery, [this] { look_for_coordinator(); });
  if (endpoint_ == world_.endpoint_file) return;
  if (socket_ != 0) world_.network.close(socket_);
  endpoint_ = world_.endpoint_file;
  socket_ = world_.network.open(endpoint_, [this] { later(milliseconds{0}, [this] { converse(); }); });
  conversation_.connected(world_.clock.now());
}

void Worker::converse() {
  const TimePoint now = world_.clock.now();
  while (auto envelope = world_.network.receive_down(socket_)) {
    world_.tell(name_, [&] { return "hears " + describe(*envelope); });
    world_.referee.worker_hears(name_, *envelope);
    conversation_.hear(std::move(*envelope), now);
  }
  conversation_.speak(now, [this](const wire::Envelope& envelope) {
    const bool sent = world_.network.send_up(socket_, envelope);
    world_.referee.worker_says(envelope);
    world_.tell(name_, [&] { return (sent ? "says " : "cannot say ") + describe(envelope); });
    return sent;
  });
  const bool had_ended = conversation_.ended();
  conversation_.give_up_if_alone(now);
  if (!had_ended && conversation_.ended()) world_.referee.gives_up(name_, kPatience);
  conversation_.check_invariants();
  compute();
}

// worker/jobs/worker.cc, work(): one job after another; what is finished is written when it is due, at the
// latest when there is nothing to compute.
void Worker::compute() {
  if (busy_) return;
  if (conversation_.has_job()) return begin();
  if (!outbox_.empty()) return store();
  if (!conversation_.ended()) return;
  if (!leave_at_) leave_at_ = world_.clock.now() + kFarewellPatience;
  if (conversation_.state() == Conversation::State::kRefused || conversation_.all_acknowledged() ||
      world_.clock.now() >= *leave_at_)
    leave(conversation_.reason());
}

void Worker::begin() {
  busy_ = true;
  const wire::Job job = conversation_.next_job();
  world_.tell(name_, [&] { return "begins " + short_name(job.job(), job.attempt()); });
  world_.referee.begins(name_, job);
  const bool deadly = world_.study.fate(JobId{job.job()}, job.image()) == Fate::kDeadly;
  const auto takes =
      slowness_ * world_.chance.time(milliseconds{20}, milliseconds{job.has_explain() ? 4'000 : 1'000});
  later(takes, [this, job, deadly, takes] {
    if (!deadly) return finish(job, takes);
    world_.referee.killed_by(name_, job);
    crash("killed by " + short_name(job.job(), job.attempt()));
  });
  later(milliseconds{0}, [this] { converse(); });  // there is room for another
}

void Worker::finish(const wire::Job& job, milliseconds took) {
  world_.tell(name_, [&] { return "has computed " + short_name(job.job(), job.attempt()); });
  const JobId id{job.job()};
  const Fate fate = world_.study.fate(id, job.image());
  wire::Outcome outcome;
  if (fate == Fate::kBadImage)
    outcome = failure_of(job, wire::Failure::BAD_IMAGE);
  else if (fate == Fate::kDegenerate)
    outcome = failure_of(job, wire::Failure::DEGENERATE);
  else if (broken_ || fate == Fate::kFailing || (fate == Fate::kFlaky && !world_.referee.has_failed(id)))
    outcome = failure_of(job, wire::Failure::UNSPECIFIED);
  else if (job.has_predict())
    *outcome.mutable_predictions() = world_.study.predictions(job.image(), job.case_name());
  else
    outcome.mutable_profile()->set_seconds(1);
  outcome.set_job(job.job());
  outcome.set_attempt(job.attempt());
  outcome.set_seconds(std::chrono::duration<double>(took).count());
  if (outcome.has_failure())
    world_.referee.fails(name_, job);
  else
    world_.referee.succeeds(name_, job);
  if (outbox_.empty()) oldest_ = world_.clock.now();
  outbox_.push_back(std::move(outcome));
  conversation_.tell_loaded({job.case_name()});
  busy_ = false;
  is_due() ? store() : compute();
}

bool Worker::is_due() const {
  return outbox_.size() >= kResultsPerSegment || outbox_.back().has_failure() ||
         world_.clock.now() - oldest_ >= hand_in_;
}

// Durable first, reported then; the process may die in between.
void Worker::store() {
  busy_ = true;
  later(world_.chance.time(milliseconds{1}, milliseconds{40}), [this] { store_now(); });
}

void Worker::store_now() {
  if (disk_full_ && !world_.collects) {
    ++world_.referee.happenings["stores that failed"];
    conversation_.tell_trouble("the disk is full");
    if (conversation_.ended()) return leave("its last results could not be stored");
    return later(kStoreAgainAfter, [this] { store_now(); });
  }
  conversation_.tell_trouble("");
  const std::string name = name_ + "-" + std::to_string(++segments_) + ".h5";
  for (wire::Outcome& outcome : outbox_)
    if (!outcome.has_failure()) outcome.set_segment(name);
  if (world_.collects) return deliver(name);
  world_.referee.segment_is_durable(name, outbox_);
  later(world_.chance.time(milliseconds{0}, milliseconds{5}), [this] {
    conversation_.report(std::exchange(outbox_, {}));
    busy_ = false;
    converse();
  });
}

// A segment's bytes are its outcomes, and sometimes so much more that they go in several pieces.
void Worker::deliver(const std::string& name) {
  SegmentTransfer parcel{name, "", "", std::exchange(outbox_, {})};
  wire::Outcomes content;
  for (const wire::Outcome& outcome : parcel.outcomes)
    if (!outcome.has_failure()) *content.add_outcomes() = outcome;
  if (content.outcomes_size() > 0) {
    if (Chance(static_cast<std::uint64_t>(world_.clock.elapsed().count())).one_in(16))
      content.add_outcomes()->mutable_failure()->set_text(std::string(2 * kPieceBytes, '.'));
    parcel.bytes = content.SerializeAsString();
  }
  parcel.sha256 = sha256_of(parcel.bytes);
  conversation_.deliver(std::move(parcel));
  busy_ = false;
  converse();
}

void Worker::leave(const std::string& reason) {
  const wire::Envelope goodbye = Conversation::goodbye(reason);
  world_.tell(name_, [&] { return "says " + describe(goodbye); });
  world_.network.send_up(socket_, goodbye);
  world_.network.close(socket_);
  end();
}

void Worker::end() {
  alive_ = false;
  world_.referee.dies(name_);
}

void Worker::crash(const std::string& why) {
  if (!alive_) return;
  world_.tell(name_, [&] { return "dies: " + why; });
  world_.network.vanish(socket_);
  end();
}

void Worker::pause(milliseconds duration) {
  world_.tell(name_, [&] { return "is stopped for " + std::to_string(duration.count()) + " ms"; });
  paused_ = true;
  world_.referee.disturbed(name_, duration);
  world_.clock.after(duration, [this] {
    world_.tell(name_, [] { return "goes on"; });
    paused_ = false;
    for (auto& action : std::exchange(missed_, {})) later(milliseconds{0}, std::move(action));
  });
}

void Worker::stop(const std::string& reason) {
  world_.tell(name_, [] { return "is told to stop"; });
  conversation_.stop(reason);
}

void Worker::fill_disk(std::optional<milliseconds> duration) {
  disk_full_ = true;
  disk_broken_ = !duration;
  world_.tell(name_, [&] {
    return "cannot write any more" + (duration ? " for " + std::to_string(duration->count()) + " ms" : "");
  });
  if (!duration) return;
  world_.clock.after(*duration, [this] {
    world_.tell(name_, [] { return "can write again"; });
    disk_full_ = false;
  });
}

void Worker::cut_off(milliseconds duration) {
  world_.tell(name_, [&] { return "is cut off for " + std::to_string(duration.count()) + " ms"; });
  world_.referee.disturbed(name_, duration);
  world_.network.cut(socket_, duration);
}

void Worker::slow_down(milliseconds delay, milliseconds duration) {
  world_.tell(name_, [&] { return "hears and is heard " + std::to_string(delay.count()) + " ms late"; });
  world_.referee.disturbed(name_, duration);
  world_.network.slow_down(socket_, delay, duration);
}

}  // namespace wcam::simulation
