// One thread runs converse(): it alone touches the socket. The others meet it at `mutex_`, and wake it
// through an eventfd. What is in hand lives in one map from the moment a job arrives until its answer is
// acknowledged:
//
//   queued -> begun -> (reported: an outcome is kept) -> acknowledged: erased
//
// Every heartbeat lists the map, so the coordinator always knows what this worker still owes it.
#include "worker/session.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>
#include <zmq.hpp>

#include "common/host.h"
#include "common/ids.h"
#include "common/protocol.h"
#include "common/version.h"

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {

namespace {

// Until Welcome gives the coordinator's own.
constexpr milliseconds kHelloEvery{1000};
// How long the conversation waits for events when nothing is due.
constexpr milliseconds kLongestWait{200};

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace

class Session::Impl {
 public:
  explicit Impl(SessionOptions options)
      : options_(std::move(options)),
        name_(random_name()),
        wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    thread_ = std::thread([this] { converse(); });
  }

  ~Impl() {
    leave("the worker ends", milliseconds{0});
    ::close(wake_fd_);
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  State state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

  std::string reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

  std::optional<std::string> wait_for_plan(milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return !plan_json_.empty() || ended(); });
    return plan_json_.empty() ? std::nullopt : std::optional(plan_json_);
  }

  std::optional<wire::Job> next_job(milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return !queue_.empty() || ended(); });
    if (queue_.empty() || ended()) return std::nullopt;
    wire::Job job = std::move(queue_.front());
    queue_.pop_front();
    wake();  // there is room for another
    return job;
  }

  void report(std::vector<wire::Outcome> outcomes) {
    const std::lock_guard lock(mutex_);
    for (auto& outcome : outcomes) {
      const auto held = in_hand_.find(outcome.job());
      if (held == in_hand_.end()) continue;  // released meanwhile
      held->second.outcome = std::move(outcome);
      held->second.sent = false;
    }
    wake();
  }

  void tell_loaded(std::vector<std::string> cases) {
    const std::lock_guard lock(mutex_);
    loaded_cases_ = std::move(cases);
  }

  void stop(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    end(State::kStopping, reason);
  }

  void leave(const std::string& reason, milliseconds patience) {
    {
      std::unique_lock lock(mutex_);
      if (leaving_) return;
      changed_.wait_for(lock, patience,
                        [&] { return state_ == State::kRefused || nothing_unacknowledged(); });
      leaving_ = true;
      farewell_ = reason;
      wake();
    }
    thread_.join();
  }

 private:
  struct Held {
    std::uint32_t attempt = 0;
    std::optional<wire::Outcome> outcome;  // once reported
    bool sent = false;
  };

  // --- under mutex_ ---

  bool ended() const { return state_ != State::kConnecting && state_ != State::kServing; }

  bool nothing_unacknowledged() const {
    return std::none_of(in_hand_.begin(), in_hand_.end(),
                        [](const auto& held) { return held.second.outcome.has_value(); });
  }

  void end(State state, const std::string& reason) {
    if (ended()) return;
    state_ = state;
    reason_ = reason;
    for (const auto& job : queue_) in_hand_.erase(job.job());
    queue_.clear();
    changed_.notify_all();
    wake();
  }

  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
  }

  // --- the conversation's thread ---

  void converse() {
    while (!is_leaving()) {
      const std::string endpoint = current_endpoint();
      endpoint.empty() ? pause(kLongestWait) : talk_to(endpoint);
      give_up_if_alone();
    }
  }

  bool is_leaving() const {
    const std::lock_guard lock(mutex_);
    return leaving_;
  }

  std::string current_endpoint() const {
    return options_.endpoint.empty() ? first_line(options_.endpoint_file) : options_.endpoint;
  }

  void pause(milliseconds patience) const {
    zmq::pollitem_t item{nullptr, wake_fd_, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, patience);
    drain_wake();
  }

  void drain_wake() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(wake_fd_, &count, sizeof count);
  }

  // Until this endpoint is no longer the coordinator's, or the worker leaves.
  void talk_to(const std::string& endpoint) {
    spdlog::debug("connecting to {}", endpoint);
    zmq::socket_t socket(context_, zmq::socket_type::dealer);
    if (!connect(socket, endpoint)) return pause(kHelloEvery);
    socket_ = &socket;
    next_hello_ = next_look_ = Clock::now();
    introduce_again();
    while (!is_leaving()) {
      zmq::pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, wake_fd_, ZMQ_POLLIN, 0}};
      zmq::poll(items, 2, kLongestWait);
      drain_wake();
      receive_all();
      speak();
      give_up_if_alone();
      if (moved(endpoint)) break;
    }
    if (is_leaving()) say_goodbye();
    socket_ = nullptr;
  }

  // False, said once for each endpoint, when it is not one: the file may hold anything.
  bool connect(zmq::socket_t& socket, const std::string& endpoint) try {
    socket.set(zmq::sockopt::linger, 1000);
    socket.set(zmq::sockopt::maxmsgsize, kMaxMessageBytes);
    socket.set(zmq::sockopt::sndhwm, 1000);
    socket.set(zmq::sockopt::reconnect_ivl, 100);
    socket.set(zmq::sockopt::reconnect_ivl_max, 5000);
    socket.set(zmq::sockopt::tcp_keepalive, 1);
    socket.set(zmq::sockopt::heartbeat_ivl, 5000);
    socket.set(zmq::sockopt::heartbeat_timeout, 15000);
    socket.connect(endpoint);
    return true;
  } catch (const zmq::error_t& e) {
    if (std::exchange(refused_endpoint_, endpoint) != endpoint)
      spdlog::warn("cannot connect to '{}': {}", endpoint, e.what());
    return false;
  }

  // A coordinator that restarted listens elsewhere and says so in the file.
  bool moved(const std::string& endpoint) {
    if (!options_.endpoint.empty() || Clock::now() < next_look_) return false;
    next_look_ = Clock::now() + kHelloEvery;
    const std::string now = current_endpoint();
    return !now.empty() && now != endpoint;
  }

  void give_up_if_alone() {
    const auto silence = Clock::now() - last_heard_;
    if (silence < options_.patience) return;
    const std::lock_guard lock(mutex_);
    end(State::kAlone, "no word from a coordinator for " + std::to_string(options_.patience.count()) + " s");
  }

  void receive_all() {
    zmq::message_t frame;
    while (socket_->recv(frame, zmq::recv_flags::dontwait)) {
      wire::Envelope envelope;
      if (frame.more() || !envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
        spdlog::warn("a message of {} bytes from the coordinator does not parse: dropped", frame.size());
        continue;
      }
      last_heard_ = Clock::now();
      hear(envelope);
    }
  }

  void hear(wire::Envelope& envelope) {
    if (envelope.protocol_version() != kProtocolVersion && !envelope.has_refused()) return;
    const std::lock_guard lock(mutex_);
    switch (envelope.body_case()) {
      case wire::Envelope::kWelcome:
        hear_welcome(*envelope.mutable_welcome());
        break;
      case wire::Envelope::kRefused:
        if (envelope.refused().again())
          welcomed_ = false, next_hello_ = Clock::now();
        else
          end(State::kRefused, envelope.refused().reason());
        break;
      case wire::Envelope::kAssign:
        for (auto& job : *envelope.mutable_assign()->mutable_jobs()) accept(job);
        break;
      case wire::Envelope::kAcknowledge:
        for (const auto& lease : envelope.acknowledge().leases()) in_hand_.erase(lease.job());
        changed_.notify_all();
        break;
      case wire::Envelope::kRelease:
        for (const auto& lease : envelope.release().leases()) drop(lease);
        break;
      case wire::Envelope::kStop:
        end(State::kStopping, envelope.stop().reason());
        break;
      default:
        spdlog::warn("an unexpected message from the coordinator: dropped");
    }
  }

  void hear_welcome(wire::Welcome& welcome) {
    if (sweep_id_.empty()) sweep_id_ = welcome.sweep_id();
    if (welcome.sweep_id() != sweep_id_)
      return end(State::kRefused,
                 "the coordinator serves sweep " + welcome.sweep_id() + ", not " + sweep_id_);
    heartbeat_every_ = milliseconds{std::max(1U, welcome.heartbeat_ms())};
    welcomed_ = true;
    told_credit_.reset();
    next_heartbeat_ = Clock::now();
    for (auto& [job, held] : in_hand_) held.sent = false;
    if (plan_json_.empty()) plan_json_ = std::move(*welcome.mutable_plan_json());
    if (state_ == State::kConnecting) state_ = State::kServing;
    changed_.notify_all();
  }

  void accept(wire::Job& job) {
    if (ended()) return;
    const auto held = in_hand_.find(job.job());
    if (held != in_hand_.end()) {  // handed out again although it is here: the answer goes out again too
      held->second.sent = false;
      return;
    }
    in_hand_[job.job()].attempt = job.attempt();
    queue_.push_back(std::move(job));
    changed_.notify_all();
  }

  void drop(const wire::Lease& lease) {
    const auto queued =
        std::find_if(queue_.begin(), queue_.end(), [&](const auto& job) { return job.job() == lease.job(); });
    if (queued != queue_.end()) queue_.erase(queued);
    in_hand_.erase(lease.job());  // if it has begun, its answer will find no place here and go nowhere
    changed_.notify_all();
  }

  void introduce_again() {
    const std::lock_guard lock(mutex_);
    welcomed_ = false;
  }

  void speak() {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (!welcomed_) {
      if (now >= next_hello_ && state_ != State::kRefused) say_hello();
      return;
    }
    send_outcomes();
    tell_credit();
    if (now >= next_heartbeat_) send_heartbeat();
  }

  void say_hello() {
    next_hello_ = Clock::now() + kHelloEvery;
    wire::Envelope envelope;
    auto& hello = *envelope.mutable_hello();
    hello.set_worker(name_);
    hello.set_software_version(kVersion);
    hello.set_sweep_id(sweep_id_);
    hello.set_host(host_name());
    hello.set_pid(::getpid());
    hello.set_device(options_.device);
    send(envelope);
  }

  void send_outcomes() {
    wire::Envelope envelope;
    for (auto& [job, held] : in_hand_)
      if (held.outcome && !held.sent) *envelope.mutable_outcomes()->add_outcomes() = *held.outcome;
    if (!envelope.has_outcomes() || !send(envelope)) return;
    for (auto& [job, held] : in_hand_) held.sent = held.outcome.has_value();
  }

  // It replaces the earlier one, so it is told only when the number, room left in the queue, has changed.
  // What is loaded is of use only then.
  void tell_credit() {
    const std::size_t room =
        ended() || queue_.size() >= options_.jobs_ahead ? 0 : options_.jobs_ahead - queue_.size();
    if (told_credit_ == room) return;
    wire::Envelope envelope;
    auto& ready = *envelope.mutable_ready();
    ready.set_credit(static_cast<std::uint32_t>(room));
    for (const std::string& name : loaded_cases_) ready.add_loaded_cases(name);
    if (send(envelope)) told_credit_ = room;
  }

  void send_heartbeat() {
    next_heartbeat_ = Clock::now() + heartbeat_every_;
    told_credit_.reset();  // said again with every heartbeat, in case it was lost
    wire::Envelope envelope;
    auto& heartbeat = *envelope.mutable_heartbeat();
    for (const auto& [job, held] : in_hand_) {
      auto& lease = *heartbeat.add_in_hand();
      lease.set_job(job);
      lease.set_attempt(held.attempt);
    }
    send(envelope);
  }

  void say_goodbye() {
    wire::Envelope envelope;
    const std::lock_guard lock(mutex_);
    envelope.mutable_goodbye()->set_reason(farewell_);
    send(envelope);
  }

  // Never blocks: a full or absent peer is met again at the next turn.
  bool send(wire::Envelope& envelope) const {
    envelope.set_protocol_version(kProtocolVersion);
    zmq::message_t frame(envelope.ByteSizeLong());
    envelope.SerializeToArray(frame.data(), static_cast<int>(frame.size()));
    return socket_->send(frame, zmq::send_flags::dontwait).has_value();
  }

  const SessionOptions options_;
  const std::string name_;
  const int wake_fd_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kConnecting;
  std::string reason_, plan_json_, farewell_;
  std::deque<wire::Job> queue_;
  std::map<std::uint64_t, Held> in_hand_;  // by job
  std::vector<std::string> loaded_cases_;
  bool leaving_ = false;

  // Owned by the conversation's thread.
  zmq::context_t context_;
  zmq::socket_t* socket_ = nullptr;
  std::string sweep_id_ = options_.sweep_id;  // the first Welcome's when none was asked for
  std::string refused_endpoint_;
  bool welcomed_ = false;
  std::optional<std::size_t> told_credit_;
  milliseconds heartbeat_every_{1000};
  Clock::time_point next_hello_, next_heartbeat_, next_look_, last_heard_ = Clock::now();

  std::thread thread_;
};

Session::Session(SessionOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Session::~Session() = default;
Session::State Session::state() const { return impl_->state(); }
std::string Session::reason() const { return impl_->reason(); }
std::optional<std::string> Session::wait_for_plan(milliseconds patience) {
  return impl_->wait_for_plan(patience);
}
std::optional<wire::Job> Session::next_job(milliseconds patience) { return impl_->next_job(patience); }
void Session::report(std::vector<wire::Outcome> outcomes) { impl_->report(std::move(outcomes)); }
void Session::tell_loaded(std::vector<std::string> cases) { impl_->tell_loaded(std::move(cases)); }
void Session::stop(const std::string& reason) { impl_->stop(reason); }
void Session::leave(const std::string& reason, milliseconds patience) { impl_->leave(reason, patience); }

}  // namespace wcam
