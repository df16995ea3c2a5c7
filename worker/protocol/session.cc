// One thread runs converse(): it alone touches the socket. The others meet it at `mutex_`, which guards the
// conversation, and wake it through an eventfd.
#include "worker/protocol/session.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>
#include <utility>
#include <zmq.hpp>

#include "common/base/error.h"
#include "common/base/host.h"
#include "common/base/ids.h"
#include "common/wire/connect.h"
#include "common/wire/protocol.h"
#include "common/wire/socket_monitor.h"
#include "worker/protocol/curve_probe.h"
#include "worker/protocol/handshake_monitor.h"
#include "worker/protocol/zmtp_probe.h"

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace wcam {

namespace {

// Between looks at the endpoint file, and at an endpoint that cannot be connected to or whose handshake
// fails.
constexpr milliseconds kLookEvery{1000};
// How long the conversation waits for events when nothing is due.
constexpr milliseconds kLongestWait{200};
// Before a connection that is lost is made anew.
constexpr milliseconds kReconnectAfter{100};
constexpr milliseconds kGreetingPatience{1000};
// With an endpoint that has no address: a name server may be away, or hear of a new host late.
constexpr std::chrono::seconds kAddressPatience{10};

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

Conversation::Options conversation_options(const SessionOptions& options) {
  return {random_name(),      host_name(),      ::getpid(),  options.device,    options.sweep_id,
          options.jobs_ahead, options.patience, options.log, options.provenance};
}

}  // namespace

class Session::Impl {
 public:
  explicit Impl(SessionOptions options)
      : options_(std::move(options)),
        wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        conversation_(conversation_options(options_), Clock::now()) {
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
    return conversation_.state();
  }

  std::string reason() const {
    const std::lock_guard lock(mutex_);
    return conversation_.reason();
  }

  std::optional<std::string> wait_for_plan(milliseconds patience) {
    std::unique_lock lock(mutex_);
    const std::string& plan = conversation_.plan_json();
    changed_.wait_for(lock, patience, [&] { return !plan.empty() || conversation_.ended(); });
    return plan.empty() ? std::nullopt : std::optional(plan);
  }

  std::optional<wire::Job> next_job(milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return conversation_.has_job() || conversation_.ended(); });
    if (!conversation_.has_job()) return std::nullopt;
    wake();  // there is room for another
    return conversation_.next_job();
  }

  void report(std::vector<wire::Outcome> outcomes) {
    const std::lock_guard lock(mutex_);
    conversation_.report(std::move(outcomes));
    wake();
  }

  void deliver(SegmentTransfer parcel) {
    const std::lock_guard lock(mutex_);
    conversation_.deliver(std::move(parcel));
    wake();
  }

  std::size_t undelivered() const {
    const std::lock_guard lock(mutex_);
    return conversation_.undelivered();
  }

  void tell_loaded(std::vector<std::string> cases) {
    const std::lock_guard lock(mutex_);
    conversation_.tell_loaded(std::move(cases));
  }

  void tell_trouble(const std::string& trouble) {
    const std::lock_guard lock(mutex_);
    if (conversation_.trouble() == trouble) return;
    if (trouble.empty())
      spdlog::warn("results can be stored again");
    else
      spdlog::error("no result can be stored: {}; what is finished is kept, and tried again", trouble);
    conversation_.tell_trouble(trouble);
    wake();
  }

  void stop(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    conversation_.stop(reason);
    changed_.notify_all();
    wake();
  }

  void leave(const std::string& reason, milliseconds patience) {
    {
      std::unique_lock lock(mutex_);
      if (leaving_) return;
      const auto nothing_left = [&] {
        return conversation_.state() == State::kRefused || conversation_.all_acknowledged();
      };
      // As long as segments go on being delivered, that is waited for.
      std::uint64_t seen = conversation_.delivered_bytes();
      while (!changed_.wait_for(lock, patience, nothing_left) && conversation_.delivered_bytes() > seen)
        seen = conversation_.delivered_bytes();
      leaving_ = true;
      farewell_ = reason;
      wake();
    }
    thread_.join();
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
  }

  // --- the conversation's thread ---

  void converse() {
    while (!is_leaving()) {
      const std::string endpoint = current_endpoint();
      endpoint.empty() || state() == State::kRefused ? pause(kLongestWait) : talk_to(endpoint);
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

  // Until the connection is lost, this endpoint is no longer the coordinator's, or the worker leaves.
  void talk_to(const std::string& endpoint) {
    spdlog::debug("connecting to {}", endpoint);
    zmq::socket_t socket(context_, zmq::socket_type::dealer);
    SocketMonitor monitor(context_, socket, HandshakeMonitor::kEvents);
    handshakes_.connecting(endpoint);
    if (!connect(socket, endpoint)) return pause(kLookEvery);
    socket_ = &socket;
    next_look_ = Clock::now();
    introduce_again();
    bool lost = false;
    while (!is_leaving() && !lost) {
      zmq::pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLIN, 0},
                                 {nullptr, wake_fd_, ZMQ_POLLIN, 0},
                                 {monitor.handle(), 0, ZMQ_POLLIN, 0}};
      zmq::poll(items, std::size(items), kLongestWait);
      drain_wake();
      lost = is_lost(monitor, endpoint);
      receive_all();  // the last words of a connection that was lost included
      speak();
      give_up_if_alone();
      if (moved(endpoint)) break;
    }
    if (is_leaving()) say_goodbye();
    socket_ = nullptr;
    if (lost) pause(handshakes_.stood() ? kReconnectAfter : kLookEvery);
  }

  // Ends the session where a new connection would not help.
  bool is_lost(SocketMonitor& monitor, const std::string& endpoint) {
    bool lost = false;
    while (const auto event = monitor.next())
      lost |= handshakes_.on(*event, Clock::now()) == HandshakeMonitor::Next::kReconnect;
    if (handshakes_.turned_away() && options_.key) refuse(not_admitted(endpoint, *options_.key));
    if (handshakes_.in_vain(Clock::now()) && !was_served()) ask_who_is_there(endpoint);
    return lost;
  }

  // A worker that was served may hold results, and somebody else may have the coordinator's port while it
  // restarts.
  bool was_served() const {
    const std::lock_guard lock(mutex_);
    return !conversation_.plan_json().empty();
  }

  void ask_who_is_there(const std::string& endpoint) try {
    if (const auto mechanism = mechanism_at(endpoint, kGreetingPatience)) {
      if (handshakes_.greeted()) refuse(mismatch(endpoint, options_.key, *mechanism));
      return;
    }
    handshakes_.forgive();
    spdlog::warn("who is at {} is no coordinator, or that is away: trying on", endpoint);
  } catch (const InputError&) {  // its host is found no more: connect() will say so
    handshakes_.forgive();
  }

  void refuse(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    conversation_.refuse(reason);
    changed_.notify_all();
  }

  // False when it has no address, or is no endpoint: the file may hold anything.
  bool connect(zmq::socket_t& socket, const std::string& endpoint) try {
    if (options_.key) set_key(socket, *options_.key);
    socket.set(zmq::sockopt::linger, 1000);
    socket.set(zmq::sockopt::maxmsgsize, kMaxMessageBytes);
    socket.set(zmq::sockopt::sndhwm, 1000);
    socket.set(zmq::sockopt::reconnect_ivl, 100);
    socket.set(zmq::sockopt::tcp_keepalive, 1);
    socket.set(zmq::sockopt::heartbeat_ivl, 5000);
    socket.set(zmq::sockopt::heartbeat_timeout, 15000);
    connect_to(socket, endpoint);
    homeless_since_.reset();
    return true;
  } catch (const std::exception& e) {
    wait_for_address(endpoint, e.what());
    return false;
  }

  // Not for minutes with a GPU in hand, where nothing is to be lost.
  void wait_for_address(const std::string& endpoint, const std::string& reason) {
    if (std::exchange(homeless_, endpoint) != endpoint) homeless_since_.reset();
    if (!homeless_since_) {
      homeless_since_ = Clock::now();
      spdlog::warn("{}; trying on", reason);
    }
    if (Clock::now() - *homeless_since_ >= kAddressPatience && !was_served()) refuse(reason);
  }

  // A coordinator that restarted listens elsewhere and says so in the file.
  bool moved(const std::string& endpoint) {
    if (!options_.endpoint.empty() || Clock::now() < next_look_) return false;
    next_look_ = Clock::now() + kLookEvery;
    const std::string now = current_endpoint();
    return !now.empty() && now != endpoint;
  }

  void give_up_if_alone() {
    const std::lock_guard lock(mutex_);
    conversation_.give_up_if_alone(Clock::now());
    changed_.notify_all();
  }

  void receive_all() {
    zmq::message_t frame;
    while (socket_->recv(frame, zmq::recv_flags::dontwait)) {
      wire::Envelope envelope;
      if (frame.more() || !envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
        spdlog::warn("a message of {} bytes from the coordinator does not parse: dropped", frame.size());
        continue;
      }
      const std::lock_guard lock(mutex_);
      conversation_.hear(std::move(envelope), Clock::now());
      changed_.notify_all();
    }
  }

  void introduce_again() {
    const std::lock_guard lock(mutex_);
    conversation_.connected(Clock::now());
  }

  void speak() {
    const std::lock_guard lock(mutex_);
    conversation_.speak(Clock::now(), [this](const wire::Envelope& envelope) { return send(envelope); });
  }

  void say_goodbye() {
    const std::lock_guard lock(mutex_);
    send(Conversation::goodbye(farewell_));
  }

  // Never blocks: a full or absent peer is met again at the next turn.
  bool send(const wire::Envelope& envelope) const {
    zmq::message_t frame(envelope.ByteSizeLong());
    envelope.SerializeToArray(frame.data(), static_cast<int>(frame.size()));
    return socket_->send(frame, zmq::send_flags::dontwait).has_value();
  }

  const SessionOptions options_;
  const int wake_fd_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Conversation conversation_;
  std::string farewell_;
  bool leaving_ = false;

  // Owned by the conversation's thread.
  zmq::context_t context_;
  zmq::socket_t* socket_ = nullptr;
  std::string homeless_;  // an endpoint that has no address, as far as was found
  std::optional<Clock::time_point> homeless_since_;
  HandshakeMonitor handshakes_;
  Clock::time_point next_look_;

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
void Session::deliver(SegmentTransfer parcel) { impl_->deliver(std::move(parcel)); }
std::size_t Session::undelivered() const { return impl_->undelivered(); }
void Session::tell_loaded(std::vector<std::string> cases) { impl_->tell_loaded(std::move(cases)); }
void Session::tell_trouble(const std::string& trouble) { impl_->tell_trouble(trouble); }
void Session::stop(const std::string& reason) { impl_->stop(reason); }
void Session::leave(const std::string& reason, milliseconds patience) { impl_->leave(reason, patience); }

}  // namespace wcam
