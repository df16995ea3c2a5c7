// How many messages a second does the coordinator's session pass, and what do CURVE and its ZAP handler cost?
//
//   session_rate [WORKERS] [IN_FLIGHT] [SECONDS]
//
// WORKERS bare DEALERs, a thread each, keep IN_FLIGHT heartbeats of two leases under way; the session parses
// each and answers with an Acknowledge. Prints round trips a second and the process's CPU time a round trip,
// three rounds of plain and encrypted by turns.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "common/base/version.h"
#include "common/wire/keys.h"
#include "common/wire/protocol.h"
#include "coordinator/transport/router.h"

namespace wcam {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

wire::Envelope hello(const std::string& worker) {
  wire::Envelope envelope;
  envelope.set_protocol_version(kProtocolVersion);
  envelope.mutable_hello()->set_worker(worker);
  envelope.mutable_hello()->set_software_version(kVersion);
  return envelope;
}

wire::Envelope heartbeat() {
  wire::Envelope envelope;
  envelope.set_protocol_version(kProtocolVersion);
  for (std::uint64_t i = 1; i <= 2; ++i) {
    wire::Lease& lease = *envelope.mutable_heartbeat()->add_in_hand();
    lease.set_job(i << 60);
    lease.set_attempt(1);
  }
  return envelope;
}

// Sends one for one that comes, until told to end.
void work(const std::string& endpoint, const std::optional<WorkerKey>& key, const std::string& name,
          int in_flight, const std::atomic<bool>& ending) {
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::rcvtimeo, 100);
  if (key) {
    socket.set(zmq::sockopt::curve_serverkey, key->coordinator);
    socket.set(zmq::sockopt::curve_publickey, key->own.public_key);
    socket.set(zmq::sockopt::curve_secretkey, key->own.secret);
  }
  socket.connect(endpoint);
  socket.send(zmq::buffer(hello(name).SerializeAsString()));
  const wire::Envelope word = heartbeat();
  for (int i = 0; i < in_flight; ++i) socket.send(zmq::buffer(word.SerializeAsString()));
  zmq::message_t frame;
  while (!ending) {
    if (!socket.recv(frame)) continue;
    wire::Envelope answer;
    if (!answer.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) std::abort();
    socket.send(zmq::buffer(word.SerializeAsString()));
  }
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void measure(const SweepDirectory& sweep, bool encrypted, int workers, int in_flight, double seconds) {
  RouterOptions options;
  options.sweep_id = "s";
  std::optional<WorkerKey> key;
  if (encrypted) {
    options.keys = {read_coordinator_key(sweep.coordinator_key()), sweep.allowed_keys()};
    key = read_worker_key(sweep.worker_key("worker"));
  }
  Router session(options);
  std::atomic<bool> ending = false;
  std::vector<std::thread> crew;
  for (int i = 0; i < workers; ++i)
    crew.emplace_back([&, i] { work(session.endpoint(), key, "w" + std::to_string(i), in_flight, ending); });
  wire::Envelope answer;
  answer.mutable_acknowledge();
  long count = 0;
  Clock::time_point begun;
  double cpu = 0;
  const auto turn = [&] {
    auto message = session.receive(milliseconds{100});
    for (; message; message = session.receive(milliseconds{0}))
      if (message->envelope.has_heartbeat() && session.send({message->worker, answer})) ++count;
  };
  const auto warm = Clock::now() + milliseconds{500};
  while (Clock::now() < warm) turn();
  count = 0, begun = Clock::now(), cpu = cpu_seconds();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begun).count(); };
  while (elapsed() < seconds) turn();
  const double rate = static_cast<double>(count) / elapsed();
  const double cost = (cpu_seconds() - cpu) / static_cast<double>(count);
  ending = true;
  for (auto& worker : crew) worker.join();
  std::printf(
      "%-9s %d workers, %3d in flight each: %8.0f round trips a second, %5.1f us CPU each, %llu dropped\n",
      encrypted ? "encrypted" : "plain", workers, in_flight, rate, 1e6 * cost,
      static_cast<unsigned long long>(session.counters().too_many));
}

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  const int workers = argc > 1 ? std::atoi(argv[1]) : 2;
  const int in_flight = argc > 2 ? std::atoi(argv[2]) : 64;
  const double seconds = argc > 3 ? std::atof(argv[3]) : 3;
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "session_rate.sweep";
  std::filesystem::create_directories(folder);
  wcam::make_keys({folder}, {"worker"});
  for (int round = 0; round < 3; ++round)
    for (const bool encrypted : {false, true})
      wcam::measure({folder}, encrypted, workers, in_flight, seconds);
  std::filesystem::remove_all(folder);
}
