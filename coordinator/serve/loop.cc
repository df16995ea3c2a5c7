#include "coordinator/serve/loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "coordinator/operate/apply_request.h"

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {

namespace {

constexpr milliseconds kLongestWait{100};  // how late a signal or a lost worker may be noticed
constexpr seconds kFarewell{5};            // for workers to leave a finished sweep
constexpr seconds kWriteAgainAfter{2};
constexpr std::chrono::minutes kComplainEvery{1};
constexpr std::size_t kMostKept = 100'000;  // messages

wire::Reply refusal(const std::string& why) {
  wire::Reply reply;
  reply.set_refused(why);
  return reply;
}

std::string without_room(const NoRoomError& why) {
  return std::string("nothing was changed, since the sweep waits for room: ") + why.what() +
         "; ask again then";
}

}  // namespace

Loop::Loop(SweepState& state, Scheduler& scheduler, Transport& transport, Journal& journal,
           Household& household, std::function<TimePoint()> clock, LoopOptions options)
    : state_(state),
      scheduler_(scheduler),
      transport_(transport),
      journal_(journal),
      household_(household),
      clock_(std::move(clock)),
      options_(std::move(options)) {}

void Loop::begin() {
  now_ = clock_();
  scheduler_.start(now_);
  scheduler_.advance(now_);
  settle();
}

bool Loop::turn(const std::atomic<int>& interrupts) {
  interrupts_ = &interrupts;
  const bool all_taken = take_messages();
  now_ = clock_();
  if (all_taken) scheduler_.expire(now_);
  scheduler_.advance(now_);
  consider_stopping(interrupts);
  settle();
  return !over(interrupts);
}

// True when nothing more is waiting to be read.
bool Loop::take_messages() {
  milliseconds patience = state_.finished() && scheduler_.workers() == 0 ? milliseconds{0} : kLongestWait;
  for (int taken = 0; taken < options_.messages; ++taken) {
    const auto message = next_message(patience);
    if (!message) return true;
    take(*message);
    patience = milliseconds{0};
  }
  return false;
}

std::optional<Message> Loop::next_message(milliseconds patience) {
  if (kept_.empty()) return transport_.receive(patience);
  std::optional<Message> message = std::move(kept_.front());
  kept_.pop_front();
  return message;
}

void Loop::take(const Message& message) {
  const wire::Envelope& said = message.envelope;
  if (said.has_request()) {
    wire::Envelope reply;
    *reply.mutable_reply() = answer(said.request());
    replies_.push_back({message.worker, std::move(reply)});
    return;
  }
  scheduler_.on_message(message.worker, said, clock_());
  if (said.has_piece()) {
    wire::Envelope receipt;
    *receipt.mutable_received() = household_.take(message.worker, said.piece());
    // One that cannot be reached asks again.
    (void)transport_.send({message.worker, std::move(receipt)});
  }
  if (said.has_goodbye()) household_.forget(message.worker);
}

wire::Reply Loop::answer(const wire::Request& request) try {
  if (only_asks(request)) return household_.look(request);
  if (scheduler_.stopping() && (request.has_retry() || request.has_resume()))
    throw UsageError("the coordinator is ending (" + scheduler_.stop_reason() +
                     "): ask again when it has ended, then `wcam run --sweep " + options_.sweep + "`");
  journal_.check_room();  // else it would be done some time later, when nobody expects it
  Operation operation = apply_request(state_, request);
  spdlog::info("an operator's request: {}", operation.report.summary());
  scheduler_.carry_out(operation.events);
  wire::Reply reply;
  *reply.mutable_report() = std::move(operation.report);
  return reply;
} catch (const UsageError& e) {
  return refusal(e.what());
} catch (const NoRoomError& e) {
  return refusal(without_room(e));
}

void Loop::consider_stopping(int interrupts) {
  if (scheduler_.stopping()) return;
  if (state_.finished()) {
    scheduler_.stop("the sweep is finished");
    stop_deadline_ = now_ + std::min<milliseconds>(kFarewell, options_.lease);
  } else if (interrupts == 1 &&
             !options_.hand_over) {  // else the workers go on and meet the next coordinator
    scheduler_.stop("the coordinator was told to stop");
    // A worker finishes its WCAM, minutes with a large model. One that dies meanwhile is lost after its
    // lease, and a second signal ends the waiting.
    stop_deadline_ = TimePoint::max();
  }
}

bool Loop::over(int interrupts) const {
  if (interrupts > (options_.hand_over ? 0 : 1)) return true;
  return scheduler_.stopping() && (scheduler_.workers() == 0 || now_ > stop_deadline_);
}

void Loop::settle() {
  scheduler_.settle([this](std::span<const Event> events) { commit(events); },
                    [this](const Message& message) { return transport_.send(message); });
  if (replies_.empty()) return;
  household_.before_replies();
  for (const Message& reply : std::exchange(replies_, {}))
    if (!transport_.send(reply)) spdlog::info("an operator left before its reply");
}

void Loop::commit(std::span<const Event> events) {
  for (bool durable = false; !durable;) try {
      journal_.commit(events);
      durable = true;
    } catch (const NoRoomError& e) {
      wait_for_room(e);
    }
  if (std::exchange(next_room_complaint_, {}) != TimePoint{}) spdlog::info("the ledger can be written again");
}

void Loop::wait_for_room(const NoRoomError& why) {
  if (interrupts_ == nullptr) throw why;
  const TimePoint begun = clock_();
  if (begun >= next_room_complaint_) {
    next_room_complaint_ = begun + kComplainEvery;
    spdlog::error("the sweep waits: {}", why.what());
  }
  while (clock_() - begun < kWriteAgainAfter) {
    if (*interrupts_ > 0) {
      spdlog::error("{}", why.what());
      throw why;
    }
    if (auto message = transport_.receive(kLongestWait)) keep_company(*std::move(message), why);
  }
}

// So that neither workers nor operators take us for dead. What workers say once is heard later; the rest they
// repeat.
void Loop::keep_company(Message message, const NoRoomError& why) {
  if (message.envelope.has_heartbeat()) {
    wire::Envelope alive;
    alive.mutable_acknowledge();
    (void)transport_.send({message.worker, std::move(alive)});
  }
  if (message.envelope.has_request()) {
    wire::Envelope reply;
    *reply.mutable_reply() = refusal(without_room(why));
    (void)transport_.send({message.worker, std::move(reply)});
  }
  const bool said_once = message.envelope.has_outcomes() || message.envelope.has_goodbye();
  if (said_once && kept_.size() < kMostKept) kept_.push_back(std::move(message));
}

}  // namespace wcam
