// What a coordinator can say to a worker, and the worker's half of the protocol with jobs begun and reported
// in between: records.h. A restart is a new connection; the second peer's records make the worker compute.
#include <spdlog/spdlog.h>

#include <string>
#include <vector>

#include "common/wire/protocol.h"
#include "tests/fuzz/records.h"
#include "tests/fuzz/target.h"
#include "worker/protocol/conversation.h"

using namespace wcam;

namespace {

Conversation::Options named(const std::string& worker) {
  Conversation::Options options;
  options.worker = worker;
  return options;
}

class Worker {
 public:
  Worker() { talk_.connected(now_); }

  void hear(wire::Envelope envelope) {
    envelope.set_protocol_version(kProtocolVersion);  // so that the corpus outlives this one
    talk_.hear(std::move(envelope), now_);
    turn();
  }

  void compute() {
    if (talk_.ended() || !talk_.has_job()) return;
    const wire::Job job = talk_.next_job();
    wire::Outcome outcome;
    outcome.set_job(job.job());
    outcome.set_attempt(job.attempt());
    outcome.mutable_failure()->set_text("made up");
    // Every other by way of the coordinator, in two pieces; its name is short, so that a fuzzer finds it.
    const std::string segment(1, static_cast<char>('a' + begun_ % 4));
    if (begun_++ % 2 == 0)
      talk_.report({outcome});
    else
      talk_.deliver({segment, std::string(kPieceBytes + 1, '.'), "", {outcome}});
    turn();
  }

  void pass(std::chrono::milliseconds time) {
    now_ += time;
    talk_.give_up_if_alone(now_);
    turn();
  }

  void reconnect() {
    talk_.connected(now_);
    turn();
  }

 private:
  void turn() {
    talk_.speak(now_, [](const wire::Envelope& envelope) {
      demand(envelope.body_case() != wire::Envelope::BODY_NOT_SET, "an envelope without a body");
      return true;
    });
    talk_.check_invariants();
  }

  Conversation::TimePoint now_{};
  int begun_ = 0;
  Conversation talk_{named("w"), now_};
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  Worker worker;
  for_each_record(
      {data, size},
      [&](unsigned peer, const wire::Envelope& said) { peer == 0 ? worker.hear(said) : worker.compute(); },
      [&](std::chrono::milliseconds time) { worker.pass(time); }, [&] { worker.reconnect(); });
  return 0;
}
