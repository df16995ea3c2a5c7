#include <ATen/Context.h>
#include <torch/version.h>

#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "common/base/elapsed.h"
#include "common/base/file.h"
#include "common/base/host.h"
#include "common/base/message_text.h"
#include "common/base/process.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/devices.h"
#include "common/command_line/options.h"
#include "common/command_line/verdicts.h"
#include "common/wire/keys.h"
#include "worker/commands/commands.h"
#include "worker/models/blas_kernel.h"
#include "worker/models/device.h"
#include "worker/models/model.h"
#include "worker/protocol/curve_probe.h"
#include "worker/protocol/handshake_monitor.h"
#include "worker/protocol/zmtp_probe.h"
#include "worker/wcam/known_wcam.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;
using Clock = std::chrono::steady_clock;

namespace wcam {

namespace {

constexpr std::chrono::seconds kNetworkPatience{5};

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam-worker doctor [--devices cpu,cuda:0,...] [--sweep DIR]";
  line.about =
      "Whether a worker would work here, a verdict a line. `wcam doctor` asks the coordinator's side too.";
  line.example = "wcam-worker doctor --devices cuda:0";
  line.options.add_options()  //
      ("devices", po::value<std::string>(),
       "to compute on: cpu, cuda:0, ...; default: cpu and every GPU that is seen")  //
      ("sweep", po::value<std::string>()->value_name("DIR"),
       "directory of a sweep: can its coordinator be reached?")  //
      ("coordinator", po::value<std::string>()->value_name("tcp://HOST:PORT"),
       "or this one, without its folder")  //
      ("key", po::value<std::string>()->value_name("FILE"), "for that: this worker's key file");
  return line;
}

std::string fixed(double value, const char* format) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

void check_machine(Verdicts& verdicts) {
  const std::string usable = counted(static_cast<std::size_t>(usable_cores()), "core");
  const double gib = static_cast<double>(memory_bytes()) / (1U << 30U);
  verdicts.ok("machine",
              host_name() + ", " + usable + " and " + fixed(gib, "%.1f") + " GiB memory for this process");
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Whether OpenBLAS's kernel fits the processor: main() has seen to it where it could.
void check_blas(Verdicts& verdicts) {
  const std::string kernel = blas_kernel(), better = better_blas_kernel(kernel, vector_instructions()),
                    asked = environment("OPENBLAS_CORETYPE");
  if (kernel.empty()) return verdicts.ok("blas", "does not say its kernel: it is not OpenBLAS");
  if (better.empty())
    return verdicts.ok("blas", "OpenBLAS with its kernel " + kernel + ", which fits this processor");
  const std::string remedy =
      asked == better ? "it is built for that one alone: install one that chooses (libopenblas0-pthread)"
                      : "set OPENBLAS_CORETYPE=" + better +
                            (asked.empty() ? "" : " in place of " + asked + ", or unset it");
  verdicts.warn("blas", "OpenBLAS with its kernel " + kernel + ", older than this processor, which can run " +
                            better + ": small batches take up to three times as long; " + remedy);
}

void check_libtorch(Verdicts& verdicts) {
  const std::string cuda = configured("CUDA Runtime");
  verdicts.ok("libtorch", std::string(TORCH_VERSION) + ", " +
                              (!built_with_cuda() ? "for CPUs only"
                               : cuda.empty()     ? "with CUDA"
                                                  : "with " + cuda));
}

// The driver's own words; empty without one.
std::string driver_version() {
  const fs::path file = "/proc/driver/nvidia/version";
  return fs::exists(file) ? first_line(read_file(file)) : "";
}

// What LibTorch sees must be what there is.
void check_driver(Verdicts& verdicts, bool gpu_wanted) {
  const std::string driver = driver_version();
  const std::size_t seen = at::getNumGPUs();
  const std::string visible = environment("CUDA_VISIBLE_DEVICES");
  const std::string found =
      (driver.empty() ? "none" : driver) + "; LibTorch sees " + counted(seen, "GPU") +
      (std::getenv("CUDA_VISIBLE_DEVICES") == nullptr ? "" : ", CUDA_VISIBLE_DEVICES=" + visible);
  if (!visible.empty() && seen == 0 && gpu_wanted)
    verdicts.fail("driver", found + ": a GPU was given that cannot be used: " +
                                (built_with_cuda()
                                     ? "is the driver there, and as new as LibTorch's CUDA asks (nvidia-smi)?"
                                     : "build against a CUDA LibTorch (-DCMAKE_PREFIX_PATH)"));
  else if (!driver.empty() && !built_with_cuda())
    verdicts.warn("driver", found + ": build against a CUDA LibTorch (-DCMAKE_PREFIX_PATH) to use the GPUs");
  else if (!driver.empty() && seen == 0 && gpu_wanted)
    verdicts.fail("driver",
                  found +
                      ": is the driver as new as LibTorch's CUDA asks (nvidia-smi), and did Slurm give "
                      "a GPU (--gpus)?");
  else if (driver.empty() && built_with_cuda())
    verdicts.warn("driver",
                  found + ": this LibTorch could use GPUs; install NVIDIA's driver, or run on a GPU node");
  else
    verdicts.ok("driver", found);
}

// As the driver's own tool lists them, MIG ids too.
void list_gpus(Verdicts& verdicts) {
  if (driver_version().empty()) return;
  try {
    std::istringstream list(output_of({"nvidia-smi", "-L"}));
    for (std::string gpu; std::getline(list, gpu);) verdicts.ok("gpu", gpu);
  } catch (const InputError& e) {
    verdicts.warn("gpu",
                  std::string(e.what()) + ": nvidia-smi lists the GPUs; without it workers run all the same");
  }
}

void check_device(Verdicts& verdicts, const std::string& name) {
  verdicts.of(name, [&] {
    const at::Device device = parse_device(name);
    known_wcam(device);  // a GPU's first forward loads its kernels
    const auto start = Clock::now();
    const Profile profile = known_wcam(device);
    const double seconds = seconds_since(start),
                 difference = relative_difference(profile.indices, known_indices());
    const std::string found = "a known WCAM, " + std::to_string(profile.outputs.size()) + " forwards in " +
                              fixed(seconds, "%.3f") + " s; its indices differ by " +
                              fixed(difference, "%.1e") + ", " + fixed(kSameWcam, "%.0e") + " is allowed";
    if (difference <= kSameWcam)
      verdicts.ok(name, found);
    else
      verdicts.fail(name, found + ": this device or its libraries compute wrongly; do not use it");
  });
}

std::vector<std::string> devices_to_check(const po::variables_map& values) {
  if (values.contains("devices")) {
    for (const std::string& device : devices_of(values))
      if (device.find('-') != std::string::npos)  // GPU-..., MIG-...
        throw UsageError("--devices " + device +
                         ": examine one by name with `CUDA_VISIBLE_DEVICES=" + device + " wcam doctor`");
    return devices_of(values);
  }
  std::vector<std::string> devices{"cpu"};
  for (std::size_t i = 0; i < at::getNumGPUs(); ++i) devices.push_back("cuda:" + std::to_string(i));
  return devices;
}

std::optional<WorkerKey> check_key(Verdicts& verdicts, const fs::path& file, bool may_be_missing) {
  if (may_be_missing && !fs::exists(file)) {
    verdicts.warn("key", file.string() + " is not there: the sweep's coordinator makes it");
    return std::nullopt;
  }
  WorkerKey key = read_worker_key(file);
  verdicts.ok("key", file.string() + ", for its owner alone");
  return key;
}

// One that was killed had no time to say otherwise.
bool says_that_it_runs(const SweepDirectory& sweep) {
  return fs::exists(sweep.status()) &&
         nlohmann::json::parse(read_file(sweep.status())).value("running", false);
}

// told: that the key is to be used, which then must fit.
void check_coordinator(Verdicts& verdicts, const std::string& endpoint, const std::optional<WorkerKey>& key,
                       bool told) {
  const auto start = Clock::now();
  const Admission admission = key ? ask_for_admission(endpoint, *key, kNetworkPatience) : Admission::kNone;
  const std::string answers =
      "answers at " + endpoint + " after " + fixed(1e3 * seconds_since(start), "%.1f") + " ms, ";
  if (admission == Admission::kAdmitted)
    return verdicts.ok("coordinator", answers + "encrypted, and admits the key");
  if (admission == Admission::kTurnedAway) return verdicts.fail("coordinator", not_admitted(endpoint, *key));
  const auto mechanism = mechanism_at(endpoint, kNetworkPatience);
  if (!mechanism)
    return verdicts.fail("coordinator",
                         "nobody answers at " + endpoint + " within " +
                             std::to_string(kNetworkPatience.count()) +
                             " s: has it ended (wcam status)? Else its host cannot be reached from "
                             "this one; --bind names the address of another network");
  if (key && (admission == Admission::kFailing || (told && *mechanism != "CURVE")))
    return verdicts.fail("coordinator", mismatch(endpoint, key, *mechanism));
  if (key && *mechanism == "CURVE")
    return verdicts.fail("coordinator", "who is at " + endpoint + " greets, and does not answer within " +
                                            std::to_string(kNetworkPatience.count()) +
                                            " s: the coordinator hangs, or the network is slow");
  verdicts.ok("coordinator", "answers at " + endpoint + ", " +
                                 (*mechanism == "CURVE" ? "encrypted" : "NOT encrypted (--insecure)"));
}

void check_sweep(Verdicts& verdicts, const SweepDirectory& sweep) {
  std::optional<WorkerKey> key;
  verdicts.of("key",
              [&] { key = check_key(verdicts, sweep.worker_key(std::string(kDefaultWorkerKey)), true); });
  verdicts.of("coordinator", [&] {
    if (!fs::exists(sweep.endpoint()) || !says_that_it_runs(sweep))
      return verdicts.ok("coordinator",
                         "none runs, as far as " + sweep.root.string() + " says: nothing to reach");
    check_coordinator(verdicts, first_line(read_file(sweep.endpoint())), key, false);
  });
}

// As a worker without the sweep's folder is told of it.
void check_remote(Verdicts& verdicts, const po::variables_map& values) {
  std::optional<WorkerKey> key;
  if (values.contains("key"))
    verdicts.of("key", [&] { key = check_key(verdicts, values["key"].as<std::string>(), false); });
  verdicts.of("coordinator",
              [&] { check_coordinator(verdicts, values["coordinator"].as<std::string>(), key, true); });
}

}  // namespace

ExitCode worker_doctor_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  if (values->contains("coordinator")) check_endpoint((*values)["coordinator"].as<std::string>());
  const std::vector<std::string> devices = devices_to_check(*values);
  Verdicts verdicts;
  prepare_torch(1);
  check_machine(verdicts);
  check_libtorch(verdicts);
  check_blas(verdicts);
  const bool gpu_wanted = devices != std::vector<std::string>{"cpu"} || !values->contains("devices");
  verdicts.of("driver", [&] { check_driver(verdicts, gpu_wanted); });
  list_gpus(verdicts);
  for (const std::string& device : devices) check_device(verdicts, device);
  if (values->contains("sweep")) check_sweep(verdicts, {(*values)["sweep"].as<std::string>()});
  if (values->contains("coordinator")) check_remote(verdicts, *values);
  return verdicts.exit_code();
}

}  // namespace wcam
