// The Curve25519 keys of a sweep: who may pose as its coordinator, and whose workers it admits.
//
//   SWEEP/keys/            0700
//     coordinator.key      0600  the coordinator's pair
//     NAME.key             0600  for a worker's host: the coordinator's public key and a worker's pair
//     allowed/NAME.pub           a worker's public key, admitted as long as the file is here
//
// Text, a line a key: "WORD KEY", KEY being 40 characters of Z85 (ZeroMQ RFC 32); lines that begin with "# "
// are for people. Files appear whole, and nobody else can read a secret at any moment. A name is 1 to 64
// letters, digits, '-' or '_', and not "coordinator".
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/sweep_directory.h"

namespace wcam {

// Name of the key of workers on the coordinator's own machine, and wherever none is named.
inline constexpr std::string_view kDefaultWorkerKey = "worker";

// A pair of keys, each in Z85.
struct KeyPair {
  std::string public_key, secret;
};

struct WorkerKey {
  std::filesystem::path file;
  std::string coordinator;  // its public key, Z85
  KeyPair own;
};

// Throws UsageError when the name cannot be a key's.
void check_key_name(const std::string& name);

// Makes what is missing of the coordinator's pair and of the keys named, and returns the files it made. A key
// of which NAME.pub (revoked) or NAME.key (taken to another host) is gone stays as it is. Safe beside other
// processes that do the same. Throws InputError: a folder that others can write to, a file that cannot be
// used.
std::vector<std::filesystem::path> make_keys(const SweepDirectory& sweep,
                                             const std::vector<std::string>& workers);

// Removes NAME.pub and NAME.key: a running coordinator admits the key no more. Throws InputError when neither
// is there.
void revoke_key(const SweepDirectory& sweep, const std::string& name);

// The three below read a file of keys. They throw InputError naming file, reason and remedy when the file
// cannot be read, is no such key file, or, where it holds a secret, when others may read it.
KeyPair read_coordinator_key(const std::filesystem::path& file);
WorkerKey read_worker_key(const std::filesystem::path& file);
std::string read_public_key(const std::filesystem::path& file);  // of allowed/

}  // namespace wcam
