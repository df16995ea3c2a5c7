// The coordinator's loop: one turn takes all messages that are there, lets the scheduler decide, commits
// once, then sends. So one fsync serves all that arrived together, and nothing is said to a worker or an
// operator that the ledger does not hold. Sockets, disk and time are behind interfaces: the simulation
// (tests/coordinator/simulation) runs the same loop.
#pragma once

#include <wire.pb.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coordinator/ledger/sqlite.h"
#include "coordinator/queue/scheduler.h"

namespace wcam {

class Transport {
 public:
  virtual ~Transport() = default;
  // The next message; nullopt when none came within `patience`, or earlier when a signal did.
  virtual std::optional<Message> receive(std::chrono::milliseconds patience) = 0;
  // Never blocks. False: it cannot be delivered and is gone.
  virtual bool send(const Message& message) = 0;
};

class Journal {
 public:
  virtual ~Journal() = default;
  // Everything in `events` is durable when this returns, or nothing is and it throws: NoRoomError when the
  // same may succeed later.
  virtual void commit(std::span<const Event> events) = 0;
  // Throws NoRoomError when nothing can be committed now.
  virtual void check_room() = 0;
};

// What is neither the scheduler's nor the ledger's.
class Household {
 public:
  virtual ~Household() = default;
  // A piece of a segment has come (wire.proto, Piece): the answer. The ledger has no part in it: results
  // count when the worker reports them.
  virtual wire::Received take(const std::string& worker, const wire::Piece& piece) = 0;
  // The worker has left.
  virtual void forget(const std::string& worker) = 0;
  // A request that only asks (apply_request.h). Throws UsageError.
  virtual wire::Reply look(const wire::Request& request) = 0;
  // What operators asked for is durable; their replies go next.
  virtual void before_replies() = 0;
};

struct LoopOptions {
  std::chrono::milliseconds lease{};  // the scheduler's
  bool hand_over = false;             // one interrupt is as good as two
  std::string sweep;                  // its folder, for people
  int messages = 1'000;               // of one turn, so that acknowledgements do not wait for a flood
};

class Loop {
 public:
  using TimePoint = Scheduler::TimePoint;

  // All of them outlive the loop.
  Loop(SweepState& state, Scheduler& scheduler, Transport& transport, Journal& journal, Household& household,
       std::function<TimePoint()> clock, LoopOptions options);

  // Once, before the first turn. Throws NoRoomError: there is no sense in waiting before anybody knows.
  void begin();

  // One turn; false when it was the last: the sweep is finished and the workers have left or had their time,
  // or `interrupts` was 1 and they have, or it was more. While the ledger has no room a turn waits, and then
  // throws NoRoomError if it is interrupted.
  bool turn(const std::atomic<int>& interrupts);

  // When the latest turn decided.
  TimePoint decided() const { return now_; }

 private:
  bool take_messages();
  std::optional<Message> next_message(std::chrono::milliseconds patience);
  void take(const Message& message);
  wire::Reply answer(const wire::Request& request);
  void consider_stopping(int interrupts);
  bool over(int interrupts) const;
  void settle();
  void commit(std::span<const Event> events);
  // Before the next try. Throws `why` again when told to stop.
  void wait_for_room(const NoRoomError& why);
  void keep_company(Message message, const NoRoomError& why);

  SweepState& state_;
  Scheduler& scheduler_;
  Transport& transport_;
  Journal& journal_;
  Household& household_;
  const std::function<TimePoint()> clock_;
  const LoopOptions options_;
  const std::atomic<int>* interrupts_ = nullptr;  // of turn(); nullptr: it only begins
  std::deque<Message> kept_;                      // heard while the ledger had no room
  std::vector<Message> replies_;                  // to operators, once what they asked for is durable
  TimePoint now_{}, stop_deadline_{}, next_room_complaint_{};
};

}  // namespace wcam
