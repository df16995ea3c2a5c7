#include "common/command_line/devices.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "common/base/error.h"
#include "common/base/host.h"
#include "common/base/process.h"
#include "common/command_line/options.h"
#include "common/command_line/trial.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

bool is_named_gpu(const std::string& device) {
  return device.starts_with("GPU-") || device.starts_with("MIG-");
}

// cpu, cuda:0, GPU-..., ...
bool is_device(const std::string& name) {
  const std::string number = name.starts_with("cuda:")         ? name.substr(5)
                             : name == "cpu" || name == "cuda" ? "0"
                                                               : "";
  return (!number.empty() && number.find_first_not_of("0123456789") == std::string::npos) ||
         is_named_gpu(name);
}

}  // namespace

po::options_description crew_options() {
  po::options_description options;
  options.add_options()  //
      ("workers", po::value<int>(),
       "worker processes, 1 to 256; default: one a core that this process may use and a GiB of its "
       "memory, or with GPUs one a device")  //
      ("devices", po::value<std::string>()->default_value("cpu"),
       "dealt out to the workers: cpu, or cuda:0,cuda:1,..., or as `nvidia-smi -L` names them: "
       "GPU-...,MIG-...");
  return options;
}

std::vector<std::string> devices_of(const po::variables_map& values) {
  const std::vector<std::string> devices = split_list(values["devices"].as<std::string>());
  for (const auto& device : devices)
    if (!is_device(device))
      throw UsageError("--devices '" + device + "' is not cpu or cuda:N or GPU-... or MIG-...");
  if (devices.empty()) throw UsageError("--devices is empty: cpu, or cuda:0,cuda:1,...");
  return devices;
}

int workers_of(const po::variables_map& values, const std::vector<std::string>& devices) {
  if (values.contains("workers")) return in_range(values, "workers", 1, 256);
  const bool gpus =
      std::any_of(devices.begin(), devices.end(), [](const std::string& device) { return device != "cpu"; });
  const auto gibibytes = static_cast<int>(memory_bytes() >> 30U);
  return std::clamp(gpus ? static_cast<int>(devices.size()) : std::min(usable_cores(), gibibytes), 1, 256);
}

void check_usable(const std::vector<std::string>& devices) {
  std::set<std::string> distinct(devices.begin(), devices.end());
  distinct.erase("cpu");
  if (distinct.empty()) return;
  const std::vector<std::string> asked(distinct.begin(), distinct.end());
  std::vector<std::vector<std::string>> commands;
  for (const std::string& device : asked) commands.push_back(worker_command("try", {device}, 0));
  const auto answers = answers_of(commands, std::chrono::seconds{60});
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i] || answers[i]->code != static_cast<int>(ExitCode::kUsage)) continue;
    const std::string& complaint = answers[i]->complaint;
    const std::string of_worker = "--device " + commands[i].back();
    throw UsageError(
        "--devices " + asked[i] +
        (complaint.starts_with(of_worker) ? complaint.substr(of_worker.size()) : ": " + complaint));
  }
}

std::vector<std::string> worker_command(const std::string& verb, const std::vector<std::string>& devices,
                                        int worker) {
  const std::string& device = devices[static_cast<std::size_t>(worker) % devices.size()];
  std::vector<std::string> command;
  if (is_named_gpu(device)) command = {"env", "CUDA_VISIBLE_DEVICES=" + device};
  command.insert(command.end(), {sibling_program("wcam-worker").string(), verb, "--device",
                                 is_named_gpu(device) ? "cuda:0" : device});
  return command;
}

}  // namespace wcam
