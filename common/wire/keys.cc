// A worker's key is made in three steps: .NAME.key.new, allowed/NAME.pub, and the former is renamed to
// NAME.key. A crash in between is told from what a user does on purpose, a NAME.pub removed or a NAME.key
// taken to another host, by .NAME.key.new, with which the next make_keys() goes on.
#include "common/wire/keys.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <sstream>
#include <system_error>

#include "common/base/error.h"
#include "common/base/file.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

constexpr std::size_t kKeyCharacters = 40;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLargestFile = 4'096;

constexpr const char* kCoordinatorPublic = "coordinator-public";
constexpr const char* kCoordinatorSecret = "coordinator-secret";
constexpr const char* kWorkerPublic = "worker-public";
constexpr const char* kWorkerSecret = "worker-secret";

[[noreturn]] void fail(const std::string& act, const fs::path& path) {
  throw InputError("cannot " + act + " " + path.string() + ": " + std::strerror(errno));
}

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode & 07777U);
  return text.data();
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, mode_t mode, const char* act)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (fd_ < 0) fail(act, path);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// What helps where others may do what they must not.
std::string remedy(const char* mode, const fs::path& path) {
  if (keeps_permissions(fs::is_directory(path) ? path : path.parent_path()))
    return std::string("chmod ") + mode + " " + path.string();
  return std::string(kKeepsNoPermissions) + ", or say --insecure where you trust all who reach this host";
}

// --- folders ---

void make_private_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail("create folder", folder);
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) fail("look at", folder);
  if (!S_ISDIR(status.st_mode)) throw InputError(folder.string() + " is not a folder: move it away");
  if ((status.st_mode & 022U) != 0)
    throw InputError(folder.string() + " can be written to by others (mode " + octal(status.st_mode) +
                     "), who could admit workers of theirs: " + remedy("700", folder));
}

// While it lives, no other process makes keys here.
class Lock {
 public:
  explicit Lock(const fs::path& folder)
      : file_(folder / ".lock", O_RDWR | O_CREAT, 0600, "create"), fd_(file_.get()) {
    while (::flock(fd_, LOCK_EX) != 0)
      if (errno != EINTR) fail("lock", folder / ".lock");
  }

 private:
  const Descriptor file_;
  const int fd_;
};

// --- files ---

void write_private(const fs::path& target, const std::string& content) {
  PendingFile file(target);
  ::unlink(file.path().c_str());  // of a process of this number that died
  {
    const Descriptor out(file.path(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, "write");
    for (std::size_t written = 0; written < content.size();) {
      const ssize_t more = ::write(out.get(), content.data() + written, content.size() - written);
      if (more < 0 && errno != EINTR) fail("write", target);
      if (more > 0) written += static_cast<std::size_t>(more);
    }
  }
  file.commit();
}

// The file that is checked is the one that is read.
std::string read_key_file(const fs::path& path, bool secret) {
  const Descriptor file(path, O_RDONLY | O_NONBLOCK, 0, "read key file");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("look at", path);
  if (!S_ISREG(status.st_mode)) throw InputError(path.string() + " is not a key file, nor any file");
  if (secret && (status.st_mode & 077U) != 0)
    throw InputError(path.string() + " holds a secret and is open to others (mode " + octal(status.st_mode) +
                     "): " + remedy("600", path));
  std::string text(kLargestFile + 1, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) fail("read key file", path);
  text.resize(static_cast<std::size_t>(size));
  if (text.size() > kLargestFile) throw InputError(path.string() + " is too long for a key file");
  return text;
}

bool is_key(const std::string& text) {
  std::array<std::uint8_t, 32> bytes{};
  return text.size() == kKeyCharacters && zmq_z85_decode(bytes.data(), text.c_str()) != nullptr;
}

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw InputError(file.string() + " is not a key file: " + why +
                   ": a worker's is keys/NAME.key, as `wcam keys` makes it, never coordinator.key");
}

// The keys of a file that has just these words, in the order of the words.
template <std::size_t N>
std::array<std::string, N> read_keys(const fs::path& file, bool secret,
                                     const std::array<const char*, N>& words) {
  std::array<std::string, N> keys;
  std::istringstream lines(read_key_file(file, secret));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.empty() || line.rfind("# ", 0) == 0) continue;
    const std::string place = "line " + std::to_string(number);
    const auto space = line.find(' ');
    const auto word = std::find(words.begin(), words.end(), line.substr(0, space));
    if (word == words.end()) refuse(file, place + " says none of what belongs there");
    std::string& key = keys[static_cast<std::size_t>(word - words.begin())];
    if (!key.empty()) refuse(file, place + " says " + *word + " once more");
    key = space == std::string::npos ? "" : line.substr(space + 1);
    if (!is_key(key)) refuse(file, place + " has no key of 40 characters of Z85 after " + *word);
  }
  for (std::size_t i = 0; i < N; ++i)
    if (keys[i].empty()) refuse(file, std::string("it has no line ") + words[i]);
  return keys;
}

KeyPair pair_of(const fs::path& file, const std::string& public_key, const std::string& secret) {
  std::array<char, kKeyCharacters + 1> derived{};
  if (zmq_curve_public(derived.data(), secret.c_str()) != 0) fail("use the key in", file);
  if (public_key != derived.data()) refuse(file, "its public and secret key do not belong together");
  return {public_key, secret};
}

KeyPair new_pair() {
  std::array<char, kKeyCharacters + 1> public_key{}, secret{};
  if (zmq_curve_keypair(public_key.data(), secret.data()) != 0)
    throw InputError(std::string("this machine's ZeroMQ cannot make keys: ") + std::strerror(errno));
  return {public_key.data(), secret.data()};
}

std::string line(const char* word, const std::string& key) { return std::string(word) + " " + key + "\n"; }

fs::path public_file(const SweepDirectory& sweep, const std::string& name) {
  return sweep.allowed_keys() / (name + ".pub");
}

fs::path unfinished_file(const SweepDirectory& sweep, const std::string& name) {
  return sweep.keys() / ("." + name + ".key.new");
}

void make_worker_key(const SweepDirectory& sweep, const std::string& name, const std::string& coordinator,
                     std::vector<fs::path>& made) {
  const fs::path file = sweep.worker_key(name), admitted = public_file(sweep, name);
  const fs::path unfinished = unfinished_file(sweep, name);
  if (!fs::exists(unfinished)) {
    if (fs::exists(file) || fs::exists(admitted)) return;
    const KeyPair own = new_pair();
    write_private(unfinished,
                  "# What a worker needs to serve this sweep: wcam-worker run --key FILE. Secret.\n" +
                      line(kCoordinatorPublic, coordinator) + line(kWorkerPublic, own.public_key) +
                      line(kWorkerSecret, own.secret));
  }
  write_private(admitted,
                "# A worker that this sweep's coordinator admits; to revoke it, remove this file.\n" +
                    line(kWorkerPublic, read_worker_key(unfinished).own.public_key));
  if (std::rename(unfinished.c_str(), file.c_str()) != 0) fail("rename to", file);
  made.insert(made.end(), {file, admitted});
}

}  // namespace

void check_key_name(const std::string& name) {
  const bool word = !name.empty() && name.size() <= kLongestName &&
                    std::all_of(name.begin(), name.end(),
                                [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
  if (!word || name == "coordinator")
    throw UsageError("'" + name + "' is no name for a worker's key: 1 to " + std::to_string(kLongestName) +
                     " letters, digits, '-' or '_', and not 'coordinator'");
}

std::vector<fs::path> make_keys(const SweepDirectory& sweep, const std::vector<std::string>& workers) {
  for (const std::string& name : workers) check_key_name(name);
  for (const fs::path& folder : {sweep.keys(), sweep.allowed_keys()}) make_private_folder(folder);
  const Lock lock(sweep.keys());
  std::vector<fs::path> made;
  if (!fs::exists(sweep.coordinator_key())) {
    const KeyPair own = new_pair();
    write_private(
        sweep.coordinator_key(),
        "# Whoever has the secret can pose as the coordinator of this sweep. It leaves no other host.\n" +
            line(kCoordinatorPublic, own.public_key) + line(kCoordinatorSecret, own.secret));
    made.push_back(sweep.coordinator_key());
  }
  const std::string coordinator = read_coordinator_key(sweep.coordinator_key()).public_key;
  for (const std::string& name : workers) make_worker_key(sweep, name, coordinator, made);
  return made;
}

void revoke_key(const SweepDirectory& sweep, const std::string& name) {
  check_key_name(name);
  bool found = false;
  for (const fs::path& file :
       {public_file(sweep, name), sweep.worker_key(name), unfinished_file(sweep, name)}) {
    if (::unlink(file.c_str()) == 0)
      found = true;
    else if (errno != ENOENT)
      fail("remove", file);
  }
  if (!found)
    throw InputError("no key '" + name + "' in " + sweep.keys().string() + ": `wcam keys " +
                     sweep.root.string() + "` lists those there are");
}

KeyPair read_coordinator_key(const fs::path& file) {
  const auto [public_key, secret] = read_keys(file, true, std::array{kCoordinatorPublic, kCoordinatorSecret});
  return pair_of(file, public_key, secret);
}

WorkerKey read_worker_key(const fs::path& file) {
  const auto [coordinator, public_key, secret] =
      read_keys(file, true, std::array{kCoordinatorPublic, kWorkerPublic, kWorkerSecret});
  return {file, coordinator, pair_of(file, public_key, secret)};
}

std::string read_public_key(const fs::path& file) {
  return read_keys(file, false, std::array{kWorkerPublic}).front();
}

}  // namespace wcam
