#include "tests/coordinator/simulation/network.h"

namespace wcam::simulation {

namespace {

constexpr milliseconds kReconnect{100}, kLongestReconnect{1'000};
constexpr milliseconds kLongestIgnorance{6'000};  // of a broken connection: ZMTP heartbeats end it

}  // namespace

Network::Network(Clock& clock, Chance& chance)
    : clock_(clock),
      chance_(chance),
      capacity_(chance.between(6, 60)),
      slowest_(chance.time(milliseconds{1}, milliseconds{chance.one_in(4) ? 400 : 40})) {}

Network::Socket Network::open(std::uint32_t endpoint, std::function<void()> readable) {
  const Socket socket = next_++;
  End& end = ends_[socket];
  end.endpoint = endpoint;
  end.readable = std::move(readable);
  clock_.after(chance_.time(milliseconds{1}, kReconnect), [this, socket] { connect(socket); });
  return socket;
}

void Network::connect(Socket socket) {
  End& end = ends_.at(socket);
  if (!end.open || end.peer != 0) return;
  if (end.cut || endpoint_ != end.endpoint) {
    clock_.after(chance_.time(kReconnect, kLongestReconnect), [this, socket] { connect(socket); });
    return;
  }
  end.peer = next_++;
  connections_[end.peer].socket = socket;
  while (!end.unsent.empty()) {
    transmit_up(end.peer, std::move(end.unsent.front()));
    end.unsent.pop_front();
  }
}

bool Network::send_up(Socket socket, const wire::Envelope& envelope) {
  End& end = ends_.at(socket);
  const std::size_t waiting = end.peer == 0 ? end.unsent.size() : connections_.at(end.peer).going_up;
  if (waiting >= capacity_) {
    ++turned_away_;
    return false;
  }
  if (end.peer == 0)
    end.unsent.push_back(envelope);
  else
    transmit_up(end.peer, envelope);
  return true;
}

void Network::transmit_up(Peer peer, wire::Envelope envelope) {
  Connection& connection = connections_.at(peer);
  connection.last_up = std::max(connection.last_up, clock_.now() + delay(ends_.at(connection.socket)));
  ++connection.going_up;
  clock_.at(connection.last_up, [this, peer, envelope = std::move(envelope)]() mutable {
    Connection& arriving = connections_.at(peer);
    --arriving.going_up;
    if (!arrives(arriving) || arriving.known_broken) return;
    inbox_.emplace_back(peer, std::move(envelope));
  });
}

bool Network::send_down(Peer peer, const wire::Envelope& envelope) {
  Connection& connection = connections_.at(peer);
  const End& end = ends_.at(connection.socket);
  if (connection.known_broken || connection.going_down + end.inbox.size() >= capacity_) {
    ++turned_away_;
    return false;
  }
  connection.last_down = std::max(connection.last_down, clock_.now() + delay(end));
  ++connection.going_down;
  clock_.at(connection.last_down, [this, peer, envelope]() mutable {
    Connection& arriving = connections_.at(peer);
    --arriving.going_down;
    End& receiver = ends_.at(arriving.socket);
    if (!arrives(arriving) || !receiver.open || receiver.peer != peer) return;
    receiver.inbox.push_back(std::move(envelope));
    receiver.readable();
  });
  return true;
}

bool Network::arrives(const Connection& connection) {
  const bool arrives = !connection.broken || clock_.now() <= connection.lost_after;
  if (!arrives) ++lost_;
  return arrives;
}

std::optional<wire::Envelope> Network::receive_down(Socket socket) {
  End& end = ends_.at(socket);
  if (end.inbox.empty()) return std::nullopt;
  wire::Envelope envelope = std::move(end.inbox.front());
  end.inbox.pop_front();
  return envelope;
}

std::optional<std::pair<Network::Peer, wire::Envelope>> Network::receive_up() {
  if (inbox_.empty()) return std::nullopt;
  auto message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

void Network::close(Socket socket) {
  End& end = ends_.at(socket);
  end.open = false;
  if (end.peer == 0) return;
  Connection& connection = connections_.at(end.peer);
  connection.broken = true;
  connection.lost_after = std::max(connection.lost_after, connection.last_up);
  clock_.at(connection.last_up, [this, peer = end.peer] { connections_.at(peer).known_broken = true; });
}

void Network::vanish(Socket socket) {
  End& end = ends_.at(socket);
  end.open = false;
  // The kernel closes what a process leaves behind; a host that loses power does not.
  const auto learns = chance_.one_in(3) ? chance_.time(milliseconds{0}, kLongestIgnorance) : milliseconds{0};
  if (end.peer != 0) sever(end.peer, milliseconds{0}, learns);
}

void Network::listen(std::uint32_t endpoint) { endpoint_ = endpoint; }

void Network::close_all(bool killed) {
  endpoint_.reset();
  inbox_.clear();
  for (auto& [peer, connection] : connections_) {
    connection.known_broken = true;
    if (connection.broken) continue;
    sever(peer, chance_.time(milliseconds{0}, milliseconds{2'000}), milliseconds{0});
    if (!killed) connection.lost_after = std::max(connection.lost_after, connection.last_down);
  }
}

// What is on its way is lost from some message on.
void Network::sever(Peer peer, milliseconds worker_learns, milliseconds coordinator_learns) {
  Connection& connection = connections_.at(peer);
  if (connection.broken) return;
  connection.broken = true;
  connection.lost_after = clock_.now() + chance_.time(milliseconds{0}, 2 * slowest_);
  clock_.after(worker_learns, [this, peer] {
    const Socket socket = connections_.at(peer).socket;
    End& end = ends_.at(socket);
    if (end.peer != peer) return;
    end.peer = 0;
    connect(socket);
  });
  clock_.after(coordinator_learns, [this, peer] { connections_.at(peer).known_broken = true; });
}

void Network::cut(Socket socket, milliseconds duration) {
  End& end = ends_.at(socket);
  end.cut = true;
  clock_.after(duration, [this, socket] { ends_.at(socket).cut = false; });
  if (end.peer == 0) return;
  const auto ignorance = [this] {
    return chance_.one_in(2) ? milliseconds{0} : chance_.time(milliseconds{0}, kLongestIgnorance);
  };
  const milliseconds worker_learns = ignorance();
  sever(end.peer, worker_learns, ignorance());
}

void Network::slow_down(Socket socket, milliseconds delay, milliseconds duration) {
  ends_.at(socket).delay = delay;
  clock_.after(duration, [this, socket] { ends_.at(socket).delay = milliseconds{0}; });
}

milliseconds Network::delay(const End& end) { return end.delay + chance_.time(milliseconds{1}, slowest_); }

}  // namespace wcam::simulation
