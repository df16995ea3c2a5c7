#include <fcntl.h>
#include <netdb.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "common/base/elapsed.h"
#include "common/base/file.h"
#include "common/base/host.h"
#include "common/base/scratch_folder.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/command_line/verdicts.h"
#include "common/store/results.h"
#include "common/wire/address.h"
#include "coordinator/commands/commands.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/sweep/status.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;
using Clock = std::chrono::steady_clock;

namespace wcam {

namespace {

constexpr double kSlowSeconds = 1;                   // to make a small file durable
constexpr std::uint64_t kLittleSpace = 1ULL << 30U;  // bytes
constexpr double kClockSeconds = 5;                  // status tells ages of this size

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam-coordinator doctor [--sweep DIR]";
  line.about =
      "Whether a sweep's files would be safe here and its coordinator found, a verdict a line. `wcam doctor` "
      "asks "
      "the\nworkers' side too.";
  line.example = "wcam-coordinator doctor --sweep study";
  line.options.add_options()("sweep", po::value<std::string>()->value_name("DIR")->default_value("."),
                             "folder that is, or will be, a sweep's; what is tried there is removed again");
  return line;
}

std::string milliseconds_text(double seconds) { return std::to_string(std::lround(1e3 * seconds)) + " ms"; }

// By the magic numbers of Linux's statfs(2) and of those who have them from elsewhere.
std::string file_system_name(const struct statfs& system) {
  constexpr std::array<std::pair<std::uint32_t, const char*>, 13> names{{{0x6969, "NFS"},
                                                                         {0x0BD00BD0, "Lustre"},
                                                                         {0x47504653, "GPFS"},
                                                                         {0x19830326, "BeeGFS"},
                                                                         {0x00C36400, "CephFS"},
                                                                         {0xFF534D42, "CIFS"},
                                                                         {0x65735546, "FUSE"},
                                                                         {0x01021994, "tmpfs"},
                                                                         {0x794C7630, "overlayfs"},
                                                                         {0xEF53, "ext4"},
                                                                         {0x58465342, "XFS"},
                                                                         {0x9123683E, "Btrfs"},
                                                                         {0x2FC12FC1, "ZFS"}}};
  for (const auto& [magic, name] : names)
    if (magic == static_cast<std::uint32_t>(system.f_type)) return name;
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "type 0x%x", static_cast<unsigned>(system.f_type));
  return text.data();
}

void check_folder(Verdicts& verdicts, const fs::path& folder) {
  struct statfs system {};
  if (::statfs(folder.c_str(), &system) != 0)
    throw InputError(folder.string() + ": " + std::strerror(errno) +
                     ": name a folder that is there, where the sweep shall be or is");
  const std::string name = file_system_name(system);
  const std::uint64_t space = fs::space(folder).available;
  const std::string found = fs::absolute(folder).lexically_normal().string() + " on " + name + ", " +
                            std::to_string(space >> 20U) + " MiB free";
  if (name == "tmpfs")
    verdicts.warn("folder", found + ": it is gone when the machine restarts, and other nodes do not see it");
  else if (space < kLittleSpace)
    verdicts.warn("folder", found + ": a thousand WCAMs take some 20 MiB, each explained picture 75 kB");
  else
    verdicts.ok("folder", found);
}

// A sweep's keys are refused otherwise.
void check_permissions(Verdicts& verdicts, const fs::path& folder) {
  if (keeps_permissions(folder))
    verdicts.ok("permissions", "a file made for its owner alone is so");
  else
    verdicts.fail("permissions",
                  std::string("a file made for its owner alone is open to others: ") + kKeepsNoPermissions);
}

void check_durable(Verdicts& verdicts, const fs::path& folder) {
  if (sync_folder_of(folder / "any"))
    verdicts.ok("durable", "a new file's name too (fsync of its folder)");
  else
    verdicts.warn(
        "durable",
        "a new file's name is not (fsync of its folder is refused): after a crash of the machine that keeps "
        "the files `wcam verify` tells which results are lost, `wcam repair` has them computed again");
}

// A segment as workers write it.
void check_store(Verdicts& verdicts, const fs::path& folder) {
  ProfileRow row;
  row.image = "picture.png";
  row.variant = "source";
  constexpr std::size_t kCells = 784;  // grid 28
  row.wcam = row.standard_error = std::vector<float>(kCells, 0.25F);
  row.outputs = std::vector<float>(3'140, 0.5F);
  row.level_share = row.level_contributions = std::vector<float>(4, 0.25F);
  row.spectral_profile = std::vector<float>(10, 0.1F);
  const fs::path file = folder / "segment.h5";
  const auto start = Clock::now();
  write_store(file, {"", 28, 3}, {&row, 1}, {}, {});
  const double seconds = seconds_since(start);
  if (!(Results::open(file).read_profile(0) == row))
    return verdicts.fail("hdf5",
                         file.string() + " does not hold what was written: this file system loses data");
  const std::string found =
      "a segment written, made durable and read back (HDF5), " + milliseconds_text(seconds);
  if (seconds > kSlowSeconds)
    verdicts.warn("hdf5", found + ": slow; --hand-in 120 writes fewer and larger ones");
  else
    verdicts.ok("hdf5", found);
}

// Whether this host sees that another process has locked the file. In a child: a process does not see its own
// locks.
bool is_locked_for_others(const fs::path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    const bool asked = fd >= 0 && ::fcntl(fd, F_GETLK, &lock) == 0;
    ::_exit(asked && lock.l_type != F_UNLCK ? 1 : 0);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

constexpr const char* kNoLocks =
    ": two coordinators could write one ledger; mount it with locks (NFS: without nolock; Lustre: with "
    "flock), or keep "
    "the sweep elsewhere";

void check_ledger(Verdicts& verdicts, const fs::path& folder) {
  const auto start = Clock::now();
  const fs::path file = folder / "ledger.sqlite";
  const Ledger ledger(file);
  const double seconds = seconds_since(start);
  if (!is_locked_for_others(file))
    return verdicts.fail("ledger", std::string("other processes do not see its lock") + kNoLocks);
  verdicts.ok("ledger",
              "made, and locked as other processes here see (SQLite), " + milliseconds_text(seconds));
}

// Of a sweep that runs, perhaps on another host.
void check_running(Verdicts& verdicts, const SweepDirectory& sweep) {
  const auto status = last_status(sweep.root);
  if (!status || !status->running) return;
  const std::string who = "coordinator " + std::to_string(status->pid) + " on " + status->host;
  const bool locked = is_locked_for_others(sweep.ledger());
  if (!is_alive(*status))
    return verdicts.warn(
        "sweep", locked ? silence(*status)
                        : who + " was killed, or its machine failed: the same command resumes the sweep");
  if (!locked)
    return verdicts.fail("sweep", who + " has the ledger, and this host does not see its lock" + kNoLocks);
  verdicts.ok("sweep", who + " has the ledger, and its lock is seen from here");
}

// Against the clock of whoever keeps the files.
void check_clock(Verdicts& verdicts, const fs::path& folder) {
  const fs::path file = folder / "clock";
  write_file_atomically(file, "now\n");
  struct stat kept {};
  timespec now{};
  if (::stat(file.c_str(), &kept) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0)
    throw InputError(file.string() + ": " + std::strerror(errno));
  const double apart = std::abs(static_cast<double>(now.tv_sec - kept.st_mtim.tv_sec) +
                                1e-9 * static_cast<double>(now.tv_nsec - kept.st_mtim.tv_nsec));
  const std::string found = "this host's and the file system's are " + milliseconds_text(apart) + " apart";
  if (apart > kClockSeconds)
    verdicts.warn("clock",
                  found +
                      ": `wcam status` on another host would take a coordinator for stopped; set the "
                      "clocks (NTP)");
  else
    verdicts.ok("clock", found);
}

// The address that this host's own name stands for.
std::string own_address() {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (const int error = ::getaddrinfo(host_name().c_str(), nullptr, &hints, &found); error != 0)
    throw InputError(
        host_name() + ": " + ::gai_strerror(error) +
        ": workers elsewhere could not find a coordinator by this name; --bind 'tcp://IFACE:*' names an "
        "interface, as ib0, whose address they get instead");
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  std::array<char, NI_MAXHOST> text{};
  if (::getnameinfo(found->ai_addr, found->ai_addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0)
    throw InputError(host_name() + " has an address that cannot be shown");
  return found->ai_family == AF_INET6 ? "[" + std::string(text.data()) + "]" : text.data();
}

void check_name(Verdicts& verdicts) {
  const std::string address = own_address(), found = host_name() + " is " + address;
  if (is_loopback(address))
    verdicts.warn("host name", found + " here: on a cluster ask another node (getent hosts " + host_name() +
                                   "); if that has no better answer, --bind 'tcp://IFACE:*'");
  else
    verdicts.ok("host name", found);
}

// For what is tried.
ScratchFolder trial_folder(const fs::path& parent) try {
  return {parent, ".doctor"};
} catch (const InputError& e) {
  throw InputError(std::string(e.what()) +
                   ": a sweep needs to write here; name another folder, or have this one made writable");
}

}  // namespace

ExitCode coordinator_doctor_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  std::signal(SIGPIPE, SIG_IGN);  // what is tried is removed, also when nobody reads on
  const SweepDirectory sweep{(*values)["sweep"].as<std::string>()};
  Verdicts verdicts;
  verdicts.of("folder", [&] {
    check_folder(verdicts, sweep.root);
    const ScratchFolder trial = trial_folder(sweep.root);
    verdicts.of("permissions", [&] { check_permissions(verdicts, trial.path()); });
    verdicts.of("durable", [&] { check_durable(verdicts, trial.path()); });
    verdicts.of("hdf5", [&] { check_store(verdicts, trial.path()); });
    verdicts.of("ledger", [&] { check_ledger(verdicts, trial.path()); });
    verdicts.of("clock", [&] { check_clock(verdicts, trial.path()); });
  });
  verdicts.of("sweep", [&] { check_running(verdicts, sweep); });
  verdicts.of("host name", [&] { check_name(verdicts); });
  return verdicts.exit_code();
}

}  // namespace wcam
