// Who gets as far as saying something to the coordinator. CURVE encrypts and proves that a peer has the
// secret of its key; this answers ZeroMQ's question (ZAP, RFC 27) whether the key is admitted, without a
// thread of its own, and says which connections failed before they could say a word. Part of the session, on
// its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <zmq.hpp>

#include "common/wire/keys.h"
#include "common/wire/socket_monitor.h"
#include "coordinator/transport/allow_list.h"
#include "coordinator/transport/peers.h"

namespace wcam {

struct RouterKeys {
  KeyPair coordinator;
  std::filesystem::path allowed;  // folder of the workers' public keys
};

class ZapAuthenticator {
 public:
  // Guards `socket`, which is not bound yet. Without keys everybody is let in, unencrypted.
  ZapAuthenticator(zmq::context_t& context, zmq::socket_t& socket, const std::optional<RouterKeys>& keys);

  // Two sockets to be polled. When one is readable, serve() does what there is to do, without waiting.
  void* questions() { return questions_.handle(); }
  void* events() { return monitor_.handle(); }
  void serve();

  // Who sent this frame: Peers::kOperator, or the name of its key, as long as that is admitted (a second
  // longer at most); nullopt when it was revoked. Without keys: an empty name.
  std::optional<std::string> sender(const zmq::message_t& frame);

  // Connections that failed before they could say anything: another or no key, no encryption or unasked for,
  // another protocol, silence. What does not speak ZeroMQ's protocol at all ZeroMQ closes uncounted.
  std::uint64_t turned_away() const { return turned_away_; }

 private:
  bool answer_question();
  std::optional<std::string> holder_of(const std::string& key) const;
  void watch(const SocketMonitor::Event& event);
  void turn_away(const std::string& address, const std::string& why, const std::string& detail = "");

  zmq::socket_t questions_;
  SocketMonitor monitor_;
  std::string own_key_;  // the coordinator's, public
  std::optional<AllowList> allowed_;
  std::chrono::steady_clock::time_point next_look_{};
  std::unordered_map<std::uint32_t, std::string> address_of_;  // of open connections, by descriptor
  std::string failure_;                                        // of the connection that is closed next
  std::uint64_t turned_away_ = 0;
  std::map<std::string, std::uint64_t> times_;  // by reason: noise must not hide a worker with another key
};

}  // namespace wcam
