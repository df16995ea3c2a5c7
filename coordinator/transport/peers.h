// Who is who: which worker speaks on which connection, and whether what it says is for the coordinator. Pure,
// without socket and clock; the session feeds it.
#pragma once

#include <wire.pb.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "coordinator/queue/message.h"

namespace wcam {

class Peers {
 public:
  // The name of the coordinator's own key: no worker's key may have it (check_key_name).
  static constexpr const char* kOperator = "coordinator";

  explicit Peers(std::string sweep_id) : sweep_id_(std::move(sweep_id)) {}

  // Nobody says such a thing to a coordinator.
  struct Unfit {};
  // What becomes of what a peer says: a message; or an answer that says why it is none, and whether to say
  // Hello again.
  using Heard = std::variant<Message, wire::Refused, Unfit>;

  // `peer`: its connection; `key`: the name of its key, kOperator if that is the coordinator's own, empty
  // without keys. A Hello that fits files the peer under the worker's name, a Goodbye ends that.
  //
  // Message::worker is what the worker calls itself, after "KEY." where keys are in use: a name belongs to a
  // key, so no other key's holder can pass for that worker, not even at a coordinator that just restarted.
  // Of an operator's Request it is a name of that connection, which no worker can have: for the Reply.
  Heard hear(const std::string& peer, const std::string& key, wire::Envelope envelope);

  // Nobody is known there any more.
  void forget(const std::string& peer);

  // nullopt: who is there has not said Hello.
  std::optional<std::string> worker_at(const std::string& peer) const;
  // Where a worker, or operator, is reached that is called so (Message::worker); nullopt: it is not there.
  std::optional<std::string> peer_of(const std::string& worker) const;
  // Whether an operator is called so.
  static bool is_operator(const std::string& worker);

 private:
  Heard hear_request(const std::string& peer, const std::string& key, wire::Envelope envelope);
  // Why this is no worker of ours; empty: it is.
  std::string objection_to(const wire::Hello& hello, const std::string& key) const;
  void file(const std::string& peer, const std::string& worker);

  const std::string sweep_id_;
  // Both ways between a connection and the worker that last said Hello on it.
  std::unordered_map<std::string, std::string> worker_at_, peer_of_;
};

}  // namespace wcam
