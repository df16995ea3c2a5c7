// What ZeroMQ and TCP do between the workers' DEALER sockets and the coordinator's ROUTER, as far as the
// protocol can notice: order is kept within a connection and nowhere else; a broken connection loses what was
// on its way, from some message on; either end may learn of it late, and until then what it sends is lost
// without a word; a DEALER connects again by itself, keeping what it could not send, and the ROUTER sees a
// stranger; whoever does not read fills the pipe, and sending then says no.
#pragma once

#include <wire.pb.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "tests/coordinator/simulation/clock.h"

namespace wcam::simulation {

class Network {
 public:
  using Peer = std::uint64_t;    // a connection, as the coordinator sees it; never the same twice
  using Socket = std::uint64_t;  // a worker's

  Network(Clock& clock, Chance& chance);

  // A worker's side. `endpoint`: a number for an address. `readable`: called when something can be received.
  Socket open(std::uint32_t endpoint, std::function<void()> readable);
  bool send_up(Socket socket, const wire::Envelope& envelope);  // false: full
  std::optional<wire::Envelope> receive_down(Socket socket);
  void close(Socket socket);   // what was sent arrives
  void vanish(Socket socket);  // the process is killed

  // The coordinator's side.
  void listen(std::uint32_t endpoint);
  bool send_down(Peer peer, const wire::Envelope& envelope);  // false: gone or full
  std::optional<std::pair<Peer, wire::Envelope>> receive_up();
  bool something_came_up() const { return !inbox_.empty(); }
  void close_all(bool killed);

  // No connection for so long.
  void cut(Socket socket, milliseconds duration);
  // Every message takes so long, for so long.
  void slow_down(Socket socket, milliseconds delay, milliseconds duration);

  std::uint64_t lost() const { return lost_; }                // messages
  std::uint64_t turned_away() const { return turned_away_; }  // sends that were told no

 private:
  struct End {  // a worker's socket
    bool open = true, cut = false;
    std::uint32_t endpoint = 0;
    std::function<void()> readable;
    std::deque<wire::Envelope> unsent, inbox;
    Peer peer = 0;  // 0: not connected, and it knows
    milliseconds delay{0};
  };
  struct Connection {
    Socket socket = 0;
    bool broken = false, known_broken = false;  // known: to the coordinator
    TimePoint lost_after{};                     // once broken
    TimePoint last_up{}, last_down{};           // arrivals
    std::size_t going_up = 0, going_down = 0;
  };

  void connect(Socket socket);
  void transmit_up(Peer peer, wire::Envelope envelope);
  bool arrives(const Connection& connection);
  void sever(Peer peer, milliseconds worker_learns, milliseconds coordinator_learns);
  milliseconds delay(const End& end);

  Clock& clock_;
  Chance& chance_;
  std::size_t capacity_;  // of a pipe, in messages
  milliseconds slowest_;  // message of a healthy connection
  std::map<Socket, End> ends_;
  std::map<Peer, Connection> connections_;
  std::uint64_t next_ = 1;
  std::optional<std::uint32_t> endpoint_;  // where the coordinator listens
  std::deque<std::pair<Peer, wire::Envelope>> inbox_;
  std::uint64_t lost_ = 0, turned_away_ = 0;
};

}  // namespace wcam::simulation
