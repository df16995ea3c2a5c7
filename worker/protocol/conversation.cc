#include "worker/protocol/conversation.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "common/base/version.h"
#include "common/wire/protocol.h"

using std::chrono::milliseconds;

namespace wcam {

namespace {

// While nobody welcomes us.
constexpr milliseconds kHelloEvery{1000};
// A coordinator that lives answers every heartbeat.
constexpr std::chrono::seconds kLongSilence{10};
// Work that waits here: more than the way to the coordinator and its turn take, also when a packet is lost,
// and little to lose or to wait for.
constexpr JobTimes::Duration kWorkAhead{1};
// A piece whose receipt was lost, or that could not be stored.
constexpr std::chrono::seconds kAskAgainAfter{5};

JobKind kind_of(const wire::Job& job) { return job.has_explain() ? JobKind::kExplain : JobKind::kPredict; }

wire::Envelope envelope_of_this_version() {
  wire::Envelope envelope;
  envelope.set_protocol_version(kProtocolVersion);
  return envelope;
}

}  // namespace

Conversation::Conversation(Options options, TimePoint now)
    : options_(std::move(options)), sweep_id_(options_.sweep_id), next_hello_(now), last_heard_(now) {}

wire::Job Conversation::next_job() {
  if (queue_.empty()) invariant_broken("a job is taken from an empty queue");
  wire::Job job = std::move(queue_.front());
  queue_.pop_front();
  return job;
}

void Conversation::report(std::vector<wire::Outcome> outcomes) {
  for (auto& outcome : outcomes) {
    const auto held = in_hand_.find(outcome.job());
    if (held == in_hand_.end()) invariant_broken("an answer to a job that is not in hand");
    // It may have been handed out here again while it was computed. A success counts for any attempt, a
    // failure only for the one that is waited for.
    if (outcome.has_failure())
      outcome.set_attempt(held->second.attempt);
    else
      times_[outcome.has_profile()].add(outcome.seconds());
    held->second.outcome = std::move(outcome);
    say_again(held->second);
  }
}

void Conversation::deliver(SegmentTransfer parcel) {
  if (parcel.bytes.empty()) return report(std::move(parcel.outcomes));
  parcels_.push_back(std::move(parcel));
}

std::size_t Conversation::undelivered() const {
  return std::accumulate(
      parcels_.begin(), parcels_.end(), std::size_t{0},
      [](std::size_t sum, const SegmentTransfer& parcel) { return sum + parcel.outcomes.size(); });
}

bool Conversation::all_acknowledged() const {
  return parcels_.empty() && std::none_of(in_hand_.begin(), in_hand_.end(),
                                          [](const auto& held) { return held.second.outcome.has_value(); });
}

void Conversation::end(State state, const std::string& reason) {
  if (ended()) return;
  state_ = state;
  reason_ = reason;
  for (const auto& job : queue_) in_hand_.erase(job.job());
  queue_.clear();
}

void Conversation::connected(TimePoint now) {
  welcomed_ = false;
  next_hello_ = now;
}

void Conversation::give_up_if_alone(TimePoint now) {
  if (!ended() && now - last_heard_ >= kLongSilence && !std::exchange(silence_told_, true))
    spdlog::warn("no word from a coordinator for {} s: waiting, up to {} s", kLongSilence.count(),
                 options_.patience.count());
  if (now - last_heard_ < options_.patience) return;
  end(State::kAlone, "no word from a coordinator for " + std::to_string(options_.patience.count()) + " s");
}

void Conversation::hear(wire::Envelope envelope, TimePoint now) {
  last_heard_ = now;
  if (std::exchange(silence_told_, false)) spdlog::warn("the coordinator is there again");
  if (envelope.protocol_version() != kProtocolVersion && !envelope.has_refused()) return;
  switch (envelope.body_case()) {
    case wire::Envelope::kWelcome:
      hear_welcome(*envelope.mutable_welcome(), now);
      break;
    case wire::Envelope::kRefused:
      // Of several messages each is refused: one Hello, which Welcome answers with a plan of megabytes, will
      // do.
      if (envelope.refused().again() && welcomed_)
        connected(now);
      else if (!envelope.refused().again())
        end(State::kRefused, "refused by the coordinator: " + envelope.refused().reason());
      break;
    case wire::Envelope::kAssign:
      for (auto& job : *envelope.mutable_assign()->mutable_jobs()) {
        if (told_) told_->credit.spend(kind_of(job));
        accept(job);
      }
      break;
    case wire::Envelope::kAcknowledge:
      for (const auto& lease : envelope.acknowledge().leases()) forget(lease);
      break;
    case wire::Envelope::kRelease:
      for (const auto& lease : envelope.release().leases()) release(lease);
      break;
    case wire::Envelope::kReceived:
      hear_received(envelope.received(), now);
      break;
    case wire::Envelope::kStop:
      end(State::kDismissed, envelope.stop().reason());
      break;
    default:
      spdlog::warn("an unexpected message from the coordinator: dropped");
  }
}

void Conversation::hear_welcome(wire::Welcome& welcome, TimePoint now) {
  if (sweep_id_.empty()) sweep_id_ = welcome.sweep_id();
  if (welcome.sweep_id() != sweep_id_)
    return end(State::kRefused, "the coordinator serves sweep " + welcome.sweep_id() + ", not " + sweep_id_);
  heartbeat_every_ = milliseconds{std::max(1U, welcome.heartbeat_ms())};
  welcomed_ = true;
  told_.reset();
  next_heartbeat_ = now;
  for (auto& [job, held] : in_hand_) say_again(held);
  if (plan_json_.empty() && !welcome.plan_json().empty()) {
    plan_json_ = std::move(*welcome.mutable_plan_json());
    plan_sha256_ = sha256_of(plan_json_);
  }
  delivery_.ask_at = now;  // another coordinator, or this one lost what was under way
  if (state_ == State::kConnecting) state_ = State::kServing;
}

void Conversation::accept(wire::Job& job) {
  if (ended()) return;
  const auto [position, is_new] = in_hand_.try_emplace(job.job());
  Held& held = position->second;
  held.attempt = job.attempt();
  say_again(held);
  const auto queued = is_new ? queue_.end() : in_queue(job.job());
  if (queued != queue_.end()) {
    *queued = std::move(job);
  } else if (is_new || (held.outcome && held.outcome->has_failure())) {
    held.outcome.reset();
    queue_.push_back(std::move(job));
  }  // else it is being computed, or the answer is here and goes out again
}

// An acknowledgement of an earlier attempt's answer may come, once more, after the next attempt has arrived.
void Conversation::forget(const wire::Lease& lease) {
  const auto held = in_hand_.find(lease.job());
  if (held == in_hand_.end() || !held->second.outcome) return;
  if (held->second.outcome->attempt() == lease.attempt()) in_hand_.erase(held);
}

// What has begun is finished and answered all the same: the first durable answer wins. An answer that is here
// was not heard, or its acknowledgement was lost: it goes out again.
void Conversation::release(const wire::Lease& lease) {
  const auto held = in_hand_.find(lease.job());
  if (held == in_hand_.end() || held->second.attempt > lease.attempt()) return;
  say_again(held->second);
  const auto queued = in_queue(lease.job());
  if (queued == queue_.end()) return;
  queue_.erase(queued);
  in_hand_.erase(held);
  next_heartbeat_ = last_heard_;  // somebody may be waiting for it
}

void Conversation::say_again(Held& held) {
  held.sent = false;
  something_unsent_ = true;
}

std::deque<wire::Job>::iterator Conversation::in_queue(std::uint64_t id) {
  return std::find_if(queue_.begin(), queue_.end(), [&](const wire::Job& job) { return job.job() == id; });
}

void Conversation::speak(TimePoint now, const Send& send) {
  if (!welcomed_) {
    if (now < next_hello_ || state_ == State::kRefused) return;
    next_hello_ = now + kHelloEvery;
    send(hello());
    return;
  }
  // Credit comes last: a coordinator that does not know what is in hand here must not add to it.
  send_piece(now, send);
  send_outcomes(send);
  if (now >= next_heartbeat_) send_heartbeat(now, send);
  tell_credit(send);
}

wire::Envelope Conversation::hello() const {
  wire::Envelope envelope = envelope_of_this_version();
  auto& hello = *envelope.mutable_hello();
  hello.set_worker(options_.worker);
  hello.set_software_version(kVersion);
  hello.set_sweep_id(sweep_id_);
  hello.set_host(options_.host);
  hello.set_pid(options_.pid);
  hello.set_device(options_.device);
  hello.set_log(options_.log);
  hello.set_plan_sha256(plan_sha256_);
  hello.set_provenance(options_.provenance);
  return envelope;
}

void Conversation::send_outcomes(const Send& send) {
  if (!something_unsent_) return;
  wire::Envelope envelope = envelope_of_this_version();
  for (auto& [job, held] : in_hand_)
    if (held.outcome && !held.sent) *envelope.mutable_outcomes()->add_outcomes() = *held.outcome;
  if (envelope.has_outcomes() && !send(envelope)) return;
  for (auto& [job, held] : in_hand_) held.sent = held.outcome.has_value();
  something_unsent_ = false;
}

void Conversation::send_heartbeat(TimePoint now, const Send& send) {
  next_heartbeat_ = now + heartbeat_every_;
  told_.reset();  // said again with every heartbeat, in case it was lost
  wire::Envelope envelope = envelope_of_this_version();
  auto& heartbeat = *envelope.mutable_heartbeat();
  for (const auto& [job, held] : in_hand_) {
    auto& lease = *heartbeat.add_in_hand();
    lease.set_job(job);
    lease.set_attempt(held.attempt);
  }
  send(envelope);
}

// One piece is under way at a time. When its receipt does not come, one without data asks how much is there.
void Conversation::send_piece(TimePoint now, const Send& send) {
  if (parcels_.empty()) return;
  const SegmentTransfer& parcel = parcels_.front();
  const bool ask = now >= delivery_.ask_at;
  if (!ask && (delivery_.asking || delivery_.sent != delivery_.have)) return;
  wire::Envelope envelope = envelope_of_this_version();
  auto& piece = *envelope.mutable_piece();
  piece.set_segment(parcel.segment);
  piece.set_size(parcel.bytes.size());
  piece.set_sha256(parcel.sha256);
  piece.set_offset(delivery_.have);
  if (!ask) piece.set_data(parcel.bytes.substr(delivery_.have, kPieceBytes));
  if (!send(envelope)) return;
  delivery_.asking = ask;
  delivery_.sent = delivery_.have + piece.data().size();
  delivery_.ask_at = now + kAskAgainAfter;
}

void Conversation::hear_received(const wire::Received& received, TimePoint now) {
  if (parcels_.empty() || received.segment() != parcels_.front().segment) return;
  if (received.stored()) {
    SegmentTransfer parcel = std::move(parcels_.front());
    parcels_.pop_front();
    stored_bytes_ += parcel.bytes.size();
    tell_delivery_trouble("");
    delivery_ = {};
    return report(std::move(parcel.outcomes));
  }
  if (!received.trouble().empty()) {
    delivery_.ask_at = now + kAskAgainAfter;
    return tell_delivery_trouble(received.trouble());
  }
  if (!delivery_.asking && received.have() != delivery_.sent) return;  // a late word on an earlier piece
  // How much is there says nothing of whether there is room for more: a piece that was taken does.
  if (!delivery_.asking && received.have() > delivery_.have) tell_delivery_trouble("");
  delivery_.asking = false;
  delivery_.have = delivery_.sent = std::min<std::uint64_t>(received.have(), parcels_.front().bytes.size());
}

void Conversation::tell_delivery_trouble(const std::string& trouble) {
  if (delivery_.trouble == trouble) return;
  if (trouble.empty())
    spdlog::warn("the coordinator can store results again");
  else
    spdlog::error("the coordinator can store no result: {}; what is finished is kept, and tried again",
                  trouble);
  delivery_.trouble = made_utf8(trouble);
}

// What fits into kWorkAhead beside what waits.
Credit Conversation::credit() const {
  if (ended() || !trouble().empty() || is_behind()) return {};
  std::array<double, 2> part{};  // that one job takes
  for (std::size_t kind = 0; kind < part.size(); ++kind)
    part[kind] = std::clamp(times_[kind].median().value_or(kWorkAhead) / kWorkAhead,
                            1 / static_cast<double>(options_.jobs_ahead), 1.0);
  double room = 1;
  for (const wire::Job& job : queue_) room -= part[static_cast<std::size_t>(kind_of(job))];
  const auto jobs = [&](std::size_t kind) {
    constexpr double kTolerance = 1e-6;
    return static_cast<std::uint32_t>(std::max(0.0, room) / part[kind] + kTolerance);
  };
  return {jobs(0), jobs(1)};
}

// It replaces the earlier one, so it is told only when what the coordinator counts is no longer so, or the
// trouble has changed. What is loaded is of use only then.
void Conversation::tell_credit(const Send& send) {
  const Told now{credit(), trouble()};
  if (told_ == now) return;
  wire::Envelope envelope = envelope_of_this_version();
  auto& ready = *envelope.mutable_ready();
  ready.set_predict_credit(now.credit.left(JobKind::kPredict));
  ready.set_explain_credit(now.credit.left(JobKind::kExplain));
  for (const std::string& name : loaded_cases_) ready.add_loaded_cases(name);
  ready.set_trouble(trouble());
  if (send(envelope)) told_ = now;
}

wire::Envelope Conversation::goodbye(const std::string& reason) {
  wire::Envelope envelope = envelope_of_this_version();
  envelope.mutable_goodbye()->set_reason(made_utf8(reason));
  return envelope;
}

void Conversation::check_invariants() const {
  for (const wire::Job& job : queue_) {
    const auto held = in_hand_.find(job.job());
    if (held == in_hand_.end())
      invariant_broken("job " + std::to_string(job.job()) + " is queued and not in hand");
    if (held->second.outcome)
      invariant_broken("job " + std::to_string(job.job()) + " is queued and has been answered");
  }
}

}  // namespace wcam
