#include "tests/coordinator/simulation/coordinator.h"

#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/wire/protocol.h"
#include "coordinator/operate/apply_request.h"

namespace wcam::simulation {

namespace {

constexpr milliseconds kSlowest{5};  // until what has arrived is looked at

std::vector<Event> asked_for(const SweepState& state, const wire::Request& request) try {
  return wcam::apply_request(state, request).events;
} catch (const UsageError&) {  // the loop says so
  return {};
}

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

void Coordinator::run(bool same_endpoint) {
  if (alive() || finished_) return;
  bool killed = false;
  try {
    start(same_endpoint);
    work();
  } catch (const Died&) {
    killed = true;
  } catch (const NoRoomError&) {  // told to stop, or only beginning
  }
  end(killed);
}

void Coordinator::start(bool same_endpoint) {
  ++world_.referee.happenings["coordinators started"];
  if (!same_endpoint) ++world_.endpoint_file;
  world_.tell("coord", [&] { return "starts at " + std::to_string(world_.endpoint_file); });
  state_ = std::make_unique<SweepState>(recorded());
  if (folder_) {
    ledger_ = std::make_unique<Ledger>(folder_->path() / "ledger.sqlite");
    SweepState read = ledger_->load(world_.study.plan());
    if (!(read == *state_)) throw Violation("the ledger gives back another state than its events made");
    *state_ = std::move(read);
  }
  if (segments_) collector_.emplace(segments_->path());
  peers_.emplace(state_->sweep());
  SchedulerOptions options = world_.options;
  options.holder = [this](JobId job, Attempt attempt) { return holder(job, attempt); };
  scheduler_ = std::make_unique<Scheduler>(*state_, options);
  LoopOptions loop{options.lease, world_.chance.one_in(4), "the sweep", 1'000};
  loop.messages = static_cast<int>(world_.chance.between(1, 20));
  loop_.reset(new Loop(
      *state_, *scheduler_, *this, *this, *this, [this] { return world_.clock.now(); }, loop));
  world_.referee.coordinator_starts();
  loop_->begin();
  world_.network.listen(world_.endpoint_file);
}

void Coordinator::work() {
  for (bool goes_on = true; goes_on;) {
    goes_on = loop_->turn(interrupts_);
    ++world_.referee.happenings["turns"];
    scheduler_->check_invariants();
  }
  finished_ = state_->finished();
}

void Coordinator::sleep(TimePoint until, const std::function<bool()>& woken) {
  if (until > world_.clock.now()) world_.clock.at(until, [] {});
  while ((world_.clock.now() < until && !woken()) || world_.clock.now() < paused_until_) {
    world_.step();
    if (doom_ == Moment::kAtOnce) throw Died{};
  }
}

std::optional<Message> Coordinator::receive(milliseconds patience) {
  if (patience.count() > 0) {
    sleep(world_.clock.now() + patience,
          [this] { return world_.network.something_came_up() || !requests_.empty(); });
    sleep(world_.clock.now() + world_.chance.time(milliseconds{0}, kSlowest), [] { return false; });
  }
  if (auto request = next_request()) return request;
  while (const auto heard = world_.network.receive_up())
    if (auto message = accept(heard->first, heard->second)) return message;
  return std::nullopt;
}

std::optional<Message> Coordinator::next_request() {
  if (requests_.empty()) return std::nullopt;
  wire::Envelope envelope;
  envelope.set_protocol_version(kProtocolVersion);
  *envelope.mutable_request() = std::move(requests_.front());
  requests_.pop_front();
  const wire::Request& request = envelope.request();
  world_.tell("coord", [&] { return "hears an operator: " + request.ShortDebugString(); });
  if (!no_room_since_)
    world_.referee.operator_asks(request, has_room() ? asked_for(*state_, request) : std::vector<Event>{});
  return std::get<Message>(peers_->hear("an operator's", "", std::move(envelope)));
}

std::optional<Message> Coordinator::accept(Network::Peer peer, const wire::Envelope& envelope) {
  Peers::Heard heard = peers_->hear(std::to_string(peer), "", envelope);
  auto* message = std::get_if<Message>(&heard);
  world_.tell("coord", [&] {
    return "hears " + (message != nullptr ? message->worker : "a stranger") + ": " + describe(envelope);
  });
  if (message != nullptr) {
    // Most of what is said while there is no room is forgotten.
    if (!no_room_since_) world_.referee.hears(message->worker, envelope);
    return std::move(*message);
  }
  wire::Envelope answer;
  *answer.mutable_refused() = std::get<wire::Refused>(heard);
  deliver(std::to_string(peer), std::move(answer));
  return std::nullopt;
}

bool Coordinator::deliver(const std::string& peer, wire::Envelope envelope) {
  envelope.set_protocol_version(kProtocolVersion);
  return world_.network.send_down(std::stoull(peer), envelope);
}

bool Coordinator::send(const Message& message) {
  if (doom_ == Moment::kWhileSending && sends_left_-- == 0) throw Died{};
  if (Peers::is_operator(message.worker)) {
    const wire::Reply& reply = message.envelope.reply();
    world_.tell("coord", [&] { return "replies: " + reply.ShortDebugString(); });
    if (no_room_since_ && reply.has_refused())
      ++world_.referee.happenings["operators refused without room"];
    else
      world_.referee.replies(reply);
    return true;
  }
  world_.referee.sends(message.worker, message.envelope);
  const auto peer = peers_->peer_of(message.worker);
  const bool sent = peer && deliver(*peer, message.envelope);
  world_.tell("coord", [&] {
    return (sent ? "says to " : "cannot say to ") + message.worker + ": " + describe(message.envelope);
  });
  return sent;
}

void Coordinator::commit(std::span<const Event> events) {
  if (!events.empty() && doom_ == Moment::kBeforeCommit) throw Died{};
  check_room(events);
  const TimePoint decided = std::exchange(no_room_since_, {}).value_or(world_.clock.now());
  if (!events.empty() && decided < slow_until_) {
    ++world_.referee.happenings["slow commits"];
    sleep(world_.clock.now() + commit_takes_, [] { return false; });
  }
  if (ledger_) ledger_->commit(events);
  log_.insert(log_.end(), events.begin(), events.end());
  for (const Event& event : events)
    if (const auto* change = std::get_if<JobEvent>(&event))
      if (const auto* given = std::get_if<JobHandedOut>(change))
        holders_[{given->job, given->attempt}] = given->worker;
  world_.referee.commits(events, decided);
  if (!events.empty() && doom_ == Moment::kAfterCommit) throw Died{};
}

bool Coordinator::has_room() const { return world_.clock.now() >= full_until_; }

void Coordinator::check_room() {
  if (!has_room()) throw NoRoomError("the ledger's disk is full");
}

void Coordinator::check_room(std::span<const Event> events) {
  if (events.empty() || world_.clock.now() >= full_until_) return;
  world_.tell("coord", [] { return "cannot write its ledger"; });
  ++world_.referee.happenings["commits without room"];
  if (!no_room_since_) no_room_since_ = world_.clock.now();
  throw NoRoomError("the ledger's disk is full");
}

// The real files.
wire::Received Coordinator::take(const std::string& worker, const wire::Piece& piece) {
  wire::Received received;
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
  return received;
}

void Coordinator::forget(const std::string& worker) {
  if (collector_) collector_->forget(worker);
}

wire::Reply Coordinator::look(const wire::Request&) { throw Violation("nobody has asked to look"); }

std::optional<WorkerId> Coordinator::holder(JobId job, Attempt attempt) {
  if (ledger_) return ledger_->holder(job, attempt);
  const auto found = holders_.find({job, attempt});
  return found == holders_.end() ? std::nullopt : std::optional(found->second);
}

void Coordinator::apply_request(const wire::Request& request) {
  if (finished_) return;
  if (alive())
    requests_.push_back(request);
  else
    ask_at_rest(request);
}

void Coordinator::ask_at_rest(const wire::Request& request) {
  if (world_.clock.now() < full_until_) return;  // the command says so
  SweepState state = recorded();
  try {
    const Operation operation = wcam::apply_request(state, request);
    world_.tell("at rest", [&] { return "an operator's request: " + operation.report.summary(); });
    world_.referee.operator_asks(request, operation.events);
    std::optional<Ledger> ledger;
    if (folder_) {
      ledger.emplace(folder_->path() / "ledger.sqlite");
      (void)ledger->load(world_.study.plan());
      ledger->commit(operation.events);
    }
    log_.insert(log_.end(), operation.events.begin(), operation.events.end());
    world_.referee.commits(operation.events, world_.clock.now());
  } catch (const UsageError& e) {
    world_.tell("at rest", [&] { return std::string("an operator is refused: ") + e.what(); });
  }
}

void Coordinator::die(Moment moment) {
  if (!alive()) return;
  doom_ = moment;
  sends_left_ = world_.chance.below(4);
}

void Coordinator::pause(milliseconds duration) {
  if (!alive() || world_.clock.now() < paused_until_) return;
  world_.tell("coord", [&] { return "is stopped for " + std::to_string(duration.count()) + " ms"; });
  paused_until_ = world_.clock.now() + duration;
  world_.referee.coordinator_is_away_until(paused_until_);
  world_.clock.at(paused_until_, [this] { world_.tell("coord", [] { return "goes on, if it lives"; }); });
}

void Coordinator::interrupt() {
  world_.tell("coord", [] { return "is told to stop"; });
  ++interrupts_;
}

void Coordinator::fill_disk(milliseconds duration) {
  world_.tell("coord", [&] { return "has no room for " + std::to_string(duration.count()) + " ms"; });
  full_until_ = world_.clock.now() + duration;
  world_.referee.coordinator_is_busy_until(full_until_ + std::chrono::seconds{3});
}

void Coordinator::slow_disk_down(milliseconds each, milliseconds duration) {
  world_.tell("coord", [&] { return "takes " + std::to_string(each.count()) + " ms for each commit"; });
  commit_takes_ = each;
  slow_until_ = world_.clock.now() + duration;
  world_.referee.coordinator_is_busy_until(slow_until_ + std::chrono::seconds{30});
}

void Coordinator::end(bool killed) {
  world_.tell("coord", [&] { return killed ? "dies" : finished_ ? "ends: finished" : "ends"; });
  counters_ = scheduler_->counters();
  loop_.reset();
  scheduler_.reset();
  if (folder_ && finished_ && !(ledger_->load(world_.study.plan()) == *state_))
    throw Violation("the ledger gives back another state than the coordinator ended with");
  state_.reset();
  ledger_.reset();
  peers_.reset();
  requests_.clear();
  doom_.reset();
  paused_until_ = {};
  no_room_since_.reset();
  interrupts_ = 0;
  world_.network.close_all(killed);
  world_.referee.coordinator_ends();
}

}  // namespace wcam::simulation
