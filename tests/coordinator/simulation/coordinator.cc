#include "tests/coordinator/simulation/coordinator.h"

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/wire/protocol.h"
#include "coordinator/operate/operate.h"

namespace wcam::simulation {

namespace {

constexpr milliseconds kLongestWait{100};  // coordinator.cc
constexpr milliseconds kFarewell{5'000};

}  // namespace

Coordinator::Coordinator(World& world, bool real_ledger) : world_(world) {
  if (real_ledger) folder_ = std::make_unique<TemporaryFolder>();
  if (world.collects) segments_ = std::make_unique<TemporaryFolder>();
}

SweepState Coordinator::recorded() const {
  SweepState state(world_.study.plan());
  for (const Event& event : log_) state.apply(event);
  return state;
}

void Coordinator::start(bool same_endpoint) {
  if (alive() || finished_) return;
  ++life_;
  ++world_.referee.happenings["coordinators started"];
  world_.referee.coordinator_is_away_until(world_.clock.now());
  if (!same_endpoint || world_.endpoint_file == 0) ++world_.endpoint_file;
  world_.tell("coord", [&] { return "starts at " + std::to_string(world_.endpoint_file); });
  state_ = std::make_unique<SweepState>(recorded());
  if (folder_) {
    ledger_ = std::make_unique<Ledger>(folder_->path() / "ledger.sqlite");
    SweepState read = ledger_->load(world_.study.plan());
    if (!(read == *state_)) throw Violation("the ledger gives back another state than its events made");
    *state_ = std::move(read);
  }
  if (segments_) collector_.emplace(segments_->path());
  SchedulerOptions options = world_.options;
  options.holder = [this](JobId job, Attempt attempt) { return holder(job, attempt); };
  scheduler_ = std::make_unique<Scheduler>(*state_, options);
  messages_per_turn_ = world_.chance.between(1, 20);
  world_.referee.coordinator_starts();
  scheduler_->start(world_.clock.now());
  scheduler_->plan_ahead(world_.clock.now());
  settle();
  world_.network.listen(world_.endpoint_file,
                        [this] { wake(world_.chance.time(milliseconds{0}, milliseconds{5})); });
  wake(milliseconds{0});
}

// A turn comes no later than that.
void Coordinator::wake(milliseconds delay) {
  const TimePoint when = world_.clock.now() + delay;
  if (next_turn_ && *next_turn_ <= when) return;
  next_turn_ = when;
  world_.clock.at(when, [this, when, life = life_] {
    if (life != life_ || next_turn_ != when || paused_) return;
    next_turn_.reset();
    try {
      turn();
    } catch (const Died&) {
      end(true);
    }
  });
}

void Coordinator::turn() {
  ++world_.referee.happenings["turns"];
  const TimePoint now = world_.clock.now();
  take_messages();
  take_requests();
  if (all_taken_) scheduler_->expire(now);
  scheduler_->plan_ahead(now);
  consider_stopping();
  scheduler_->check_invariants();
  settle();
  if (scheduler_->stopping() && (scheduler_->workers() == 0 || now > stop_deadline_)) {
    finished_ = state_->finished();
    return end(false);
  }
  wake(all_taken_ ? kLongestWait : milliseconds{1});
}

void Coordinator::take_messages() {
  all_taken_ = false;
  for (std::uint64_t taken = 0; taken < messages_per_turn_; ++taken) {
    const auto message = world_.network.receive_up();
    all_taken_ = !message;
    if (!message) return;
    std::string worker;
    const bool known = accept(message->first, message->second, worker);
    world_.tell("coord", [&] { return "hears " + worker + ": " + describe(message->second); });
    if (!known) continue;
    world_.referee.hears(worker, message->second);
    scheduler_->on_message(worker, message->second, world_.clock.now());
    if (message->second.has_piece()) collect(worker, message->second.piece());
  }
}

// coordinator.cc, collect(): the real files, and the answer at once.
void Coordinator::collect(const std::string& worker, const wire::Piece& piece) {
  Message answer{worker, {}};
  wire::Received& received = *answer.envelope.mutable_received();
  const bool room = world_.clock.elapsed() >= world_.no_room_until || piece.data().empty();
  if (room) {
    received = collector_->take(worker, piece);
  } else {
    received.set_segment(piece.segment());
    received.set_trouble("no room");
    world_.referee.something_was_injected();
    ++world_.referee.happenings["pieces without room"];
  }
  wire::Outcomes content;
  if (received.stored() && content.ParseFromString(read_file(segments_->path() / piece.segment()))) {
    ++world_.referee.happenings["segments collected"];
    world_.referee.segment_is_durable(piece.segment(),
                                      {content.outcomes().begin(), content.outcomes().end()});
  }
  (void)send(answer);
}

void Coordinator::take_requests() {
  for (const wire::Request& request : std::exchange(requests_, {})) {
    try {
      const Operation operation = wcam::operate(*state_, request);
      world_.tell("coord", [&] { return "an operator's request: " + operation.report.summary(); });
      world_.referee.operator_asks(request, operation.events);
      scheduler_->carry_out(operation.events);
    } catch (const UsageError& e) {
      world_.tell("coord", [&] { return std::string("refuses an operator: ") + e.what(); });
    }
  }
}

void Coordinator::operate(const wire::Request& request) {
  if (finished_) return;
  if (alive()) {
    requests_.push_back(request);
    return wake(milliseconds{0});
  }
  SweepState state = recorded();
  try {
    const Operation operation = wcam::operate(state, request);
    world_.tell("at rest", [&] { return "an operator's request: " + operation.report.summary(); });
    world_.referee.operator_asks(request, operation.events);
    std::optional<Ledger> ledger;
    if (folder_) {
      ledger.emplace(folder_->path() / "ledger.sqlite");
      (void)ledger->load(world_.study.plan());
      ledger->commit(operation.events);
    }
    log_.insert(log_.end(), operation.events.begin(), operation.events.end());
    world_.referee.commits(operation.events);
  } catch (const UsageError& e) {
    world_.tell("at rest", [&] { return std::string("an operator is refused: ") + e.what(); });
  }
}

// session.cc, accept(): whose message it is; a stranger is asked who it is.
bool Coordinator::accept(Network::Peer peer, const wire::Envelope& envelope, std::string& worker) {
  if (envelope.has_hello()) {
    worker = envelope.hello().worker();
    if (const auto before = peer_of_.find(worker); before != peer_of_.end()) worker_of_.erase(before->second);
    if (const auto before = worker_of_.find(peer); before != worker_of_.end()) peer_of_.erase(before->second);
    peer_of_[worker] = peer;
    worker_of_[peer] = worker;
  }
  const auto known = worker_of_.find(peer);
  if (known == worker_of_.end()) {
    wire::Envelope answer;
    answer.set_protocol_version(kProtocolVersion);
    answer.mutable_refused()->set_reason("the coordinator does not know this worker");
    answer.mutable_refused()->set_again(true);
    world_.network.send_down(peer, answer);
    worker = "a stranger";
    return false;
  }
  worker = known->second;
  if (envelope.has_goodbye()) {
    peer_of_.erase(worker);
    worker_of_.erase(known);
  }
  return true;
}

bool Coordinator::send(const Message& message) {
  if (doom_ == Moment::kWhileSending && sends_left_-- == 0) throw Died{};
  world_.referee.sends(message.worker, message.envelope);
  const auto peer = peer_of_.find(message.worker);
  wire::Envelope envelope = message.envelope;
  envelope.set_protocol_version(kProtocolVersion);
  const bool sent = peer != peer_of_.end() && world_.network.send_down(peer->second, envelope);
  world_.tell("coord", [&] {
    return (sent ? "says to " : "cannot say to ") + message.worker + ": " + describe(message.envelope);
  });
  return sent;
}

void Coordinator::settle() {
  scheduler_->settle([this](std::span<const Event> events) { commit(events); },
                     [this](const Message& message) { return send(message); });
}

void Coordinator::commit(std::span<const Event> events) {
  if (!events.empty() && doom_ == Moment::kBeforeCommit) throw Died{};
  if (ledger_) ledger_->commit(events);
  log_.insert(log_.end(), events.begin(), events.end());
  for (const Event& event : events)
    if (const auto* change = std::get_if<JobEvent>(&event))
      if (const auto* given = std::get_if<JobHandedOut>(change))
        holders_[{given->job, given->attempt}] = given->worker;
  world_.referee.commits(events);
  if (!events.empty() && doom_ == Moment::kAfterCommit) throw Died{};
}

std::optional<WorkerId> Coordinator::holder(JobId job, Attempt attempt) {
  if (ledger_) return ledger_->holder(job, attempt);
  const auto found = holders_.find({job, attempt});
  return found == holders_.end() ? std::nullopt : std::optional(found->second);
}

void Coordinator::consider_stopping() {
  if (scheduler_->stopping()) return;
  if (state_->finished()) {
    scheduler_->stop("the sweep is finished");
    stop_deadline_ = world_.clock.now() + kFarewell;
  } else if (interrupted_) {
    scheduler_->stop("the coordinator was told to stop");
    stop_deadline_ = TimePoint::max();
  }
}

void Coordinator::die(Moment moment) {
  if (!alive()) return;
  doom_ = moment;
  sends_left_ = world_.chance.below(4);
  if (moment == Moment::kAtOnce) end(true);
}

void Coordinator::pause(milliseconds duration) {
  if (!alive() || paused_) return;
  world_.tell("coord", [&] { return "is stopped for " + std::to_string(duration.count()) + " ms"; });
  paused_ = true;
  world_.referee.coordinator_is_away_until(world_.clock.now() + duration);
  world_.clock.after(duration, [this, life = life_] {
    if (life != life_) return;
    world_.tell("coord", [] { return "goes on"; });
    paused_ = false;
    next_turn_.reset();
    wake(milliseconds{0});
  });
}

void Coordinator::interrupt() {
  world_.tell("coord", [] { return "is told to stop"; });
  interrupted_ = true;
}

void Coordinator::end(bool killed) {
  world_.tell("coord", [&] { return killed ? "dies" : finished_ ? "ends: finished" : "ends"; });
  counters_ = scheduler_->counters();
  ++life_;
  scheduler_.reset();
  if (folder_ && finished_ && !(ledger_->load(world_.study.plan()) == *state_))
    throw Violation("the ledger gives back another state than the coordinator ended with");
  state_.reset();
  ledger_.reset();
  worker_of_.clear();
  peer_of_.clear();
  requests_.clear();
  doom_.reset();
  paused_ = interrupted_ = false;
  next_turn_.reset();
  world_.network.close_all(killed);
}

}  // namespace wcam::simulation
