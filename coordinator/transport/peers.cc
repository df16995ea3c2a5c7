#include "coordinator/transport/peers.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>

#include "common/base/file.h"
#include "common/base/utf8.h"
#include "common/base/version.h"
#include "common/wire/protocol.h"

namespace wcam {

namespace {

constexpr std::size_t kLongestWord = 256;  // of what a Hello says about its worker

bool is_from_worker(const wire::Envelope& envelope) {
  return envelope.has_hello() || envelope.has_ready() || envelope.has_heartbeat() ||
         envelope.has_outcomes() || envelope.has_goodbye() || envelope.has_piece();
}

// An operator's connection has a name of its own: no worker's begins so.
const std::string kOperatorPrefix = std::string(Peers::kOperator) + ".";

bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= kLongestWord &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

wire::Refused refusal(const std::string& reason, bool again = false) {
  wire::Refused refused;
  refused.set_reason(made_utf8(reason));  // may hold what the peer said, cut off
  refused.set_again(again);
  return refused;
}

void note_version(const std::string& worker, const wire::Hello& hello) {
  if (hello.software_version() != kVersion)
    spdlog::info("worker {} is version {}, this coordinator {}: the protocol is the same, so it is served",
                 worker, hello.software_version().substr(0, kLongestWord), kVersion);
}

std::optional<std::string> found_in(const std::unordered_map<std::string, std::string>& names,
                                    const std::string& key) {
  const auto found = names.find(key);
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

Peers::Heard Peers::hear(const std::string& peer, const std::string& key, wire::Envelope envelope) {
  if (envelope.protocol_version() != kProtocolVersion)
    return refusal("the worker speaks protocol " + std::to_string(envelope.protocol_version()) +
                   ", the coordinator " + std::to_string(kProtocolVersion) +
                   ": run the same version of both");
  if (envelope.has_request()) return hear_request(peer, key, std::move(envelope));
  if (!is_from_worker(envelope)) return Unfit{};
  if (envelope.has_hello()) {
    const wire::Hello& hello = envelope.hello();
    if (const std::string objection = objection_to(hello, key); !objection.empty()) return refusal(objection);
    // No word has a dot, so two keys' workers never share a name.
    const std::string worker = key.empty() ? hello.worker() : key + "." + hello.worker();
    if (peer_of(worker) != peer) note_version(worker, hello);  // a Hello is repeated until Welcome comes
    file(peer, worker);
  }
  auto worker = worker_at(peer);
  if (!worker) return refusal("the coordinator does not know this worker", true);
  if (envelope.has_goodbye()) forget(peer);
  return Message{*std::move(worker), std::move(envelope)};
}

// Without keys (--insecure) whoever can connect is an operator, as whoever can connect is a worker.
Peers::Heard Peers::hear_request(const std::string& peer, const std::string& key, wire::Envelope envelope) {
  if (!key.empty() && key != kOperator)
    return refusal("only who holds the sweep's keys/coordinator.key may operate it: key '" + key +
                   "' is a worker's");
  return Message{kOperatorPrefix + peer, std::move(envelope)};
}

std::string Peers::objection_to(const wire::Hello& hello, const std::string& key) const {
  if (!hello.sweep_id().empty() && hello.sweep_id() != sweep_id_)
    return "this coordinator serves sweep " + sweep_id_ + ", not " + hello.sweep_id().substr(0, kLongestWord);
  if (!is_word(hello.worker()) || hello.host().size() > kLongestWord ||
      hello.device().size() > kLongestWord || hello.provenance().size() > kLongestWord)
    return "Hello.worker must be 1 to 256 letters, digits, '-' or '_', host, device and provenance at most "
           "256 "
           "bytes";
  if (!hello.log().empty() && !is_file_name(hello.log()))
    return "Hello.log must be the name of a file in the sweep's logs, without a folder";
  if (key == kOperator) return "the coordinator's own key is no worker's: `wcam keys` makes those";
  return "";
}

void Peers::file(const std::string& peer, const std::string& worker) {
  if (const auto before = peer_of_.find(worker); before != peer_of_.end()) worker_at_.erase(before->second);
  forget(peer);
  peer_of_[worker] = peer;
  worker_at_[peer] = worker;
}

void Peers::forget(const std::string& peer) {
  const auto worker = worker_at_.find(peer);
  if (worker == worker_at_.end()) return;
  peer_of_.erase(worker->second);
  worker_at_.erase(worker);
}

std::optional<std::string> Peers::worker_at(const std::string& peer) const {
  return found_in(worker_at_, peer);
}

std::optional<std::string> Peers::peer_of(const std::string& worker) const {
  if (is_operator(worker)) return worker.substr(kOperatorPrefix.size());
  return found_in(peer_of_, worker);
}

bool Peers::is_operator(const std::string& worker) { return worker.rfind(kOperatorPrefix, 0) == 0; }

}  // namespace wcam
