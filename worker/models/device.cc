#include "worker/models/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <sys/utsname.h>
#include <torch/version.h>

#include <array>
#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "worker/models/blas_kernel.h"

namespace wcam {

namespace {

std::optional<int> parse_index(std::string_view digits) {
  int index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  // at::Device keeps its index in a signed byte.
  if (error != std::errc() || end != digits.data() + digits.size() || index < 0 || index > 127)
    return std::nullopt;
  return index;
}

// The value of a line "key : value" of the first processor.
std::string in_cpuinfo(std::string_view key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const auto colon = line.find(": ");
    if (colon != std::string::npos && line.starts_with(key) &&
        line.find_first_not_of(" \t", key.size()) == colon)
      return line.substr(colon + 2);
  }
  return "";
}

// Virtual machines often give only a vendor's name; family and model tell processors apart that have
// different kernels.
std::string cpu_name() {
  const std::string name = in_cpuinfo("model name");
  if (!name.empty())
    return name + " (family " + in_cpuinfo("cpu family") + ", model " + in_cpuinfo("model") + ")";
  utsname machine{};
  ::uname(&machine);
  return std::string(machine.machine) + " (implementer " + in_cpuinfo("CPU implementer") + ", part " +
         in_cpuinfo("CPU part") + ")";
}

template <typename Function>
Function function_named(void* library, const char* name) {
  return reinterpret_cast<Function>(::dlsym(library, name));
}

// LibTorch's build only says that it was linked with some BLAS.
std::string blas_name() {
  const auto config = function_named<const char* (*)()>(RTLD_DEFAULT, "openblas_get_config");
  const std::string kernel = blas_kernel();
  if (config == nullptr || kernel.empty()) {
    const std::string built_with = configured("BLAS_INFO=");
    return built_with.empty() ? "BLAS unknown" : "BLAS " + built_with.substr(built_with.find('=') + 1);
  }
  const std::string_view text = config();  // "OpenBLAS 0.3.21 NO_LAPACKE ..."
  return std::string(text.substr(0, text.find(' ', text.find(' ') + 1))) + " " + kernel;
}

std::string cpu_provenance() {
  const std::string capability = configured("CPU capability usage: ");
  return cpu_name() + "; LibTorch " TORCH_VERSION +
         (capability.empty() ? "" : capability.substr(capability.find(": ") + 1)) + "; " + blas_name();
}

// By the driver, which LibTorch has loaded if it can use a GPU; numbered as LibTorch numbers them.
std::string gpu_name(at::DeviceIndex index) {
  void* const driver = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (driver == nullptr) return "GPU of an unknown name";
  const auto device_of = function_named<int (*)(int*, int)>(driver, "cuDeviceGet");
  const auto name_of = function_named<int (*)(char*, int, int)>(driver, "cuDeviceGetName");
  std::array<char, 100> name{};
  int device = 0;
  const bool known = device_of != nullptr && name_of != nullptr && device_of(&device, index) == 0 &&
                     name_of(name.data(), static_cast<int>(name.size()) - 1, device) == 0;
  ::dlclose(driver);
  return known ? name.data() : "GPU of an unknown name";
}

std::string gpu_provenance(at::Device device) {
  std::string text = gpu_name(device.index()) + "; LibTorch " TORCH_VERSION;
  for (const char* library : {"CUDA Runtime", "CuDNN"})
    if (const std::string found = configured(library); !found.empty()) text += "; " + found;
  return text;
}

}  // namespace

std::string configured(const std::string& beginning) {
  const std::string text = at::show_config();
  const auto begin = text.find(beginning);
  if (begin == std::string::npos) return "";
  const auto end = text.find_first_of(",\n(", begin);
  std::string found = text.substr(begin, end == std::string::npos ? end : end - begin);
  while (found.ends_with(' ')) found.pop_back();
  return found;
}

std::string provenance_of(at::Device device) {
  static const std::string cpu = cpu_provenance();
  return (device.is_cuda() ? gpu_provenance(device) : cpu + "; " + counted(at::get_num_threads(), "thread"))
      .substr(0, kLongestProvenance);
}

// Not at::hasCUDA(), which asks whether a GPU can be used now.
bool built_with_cuda() { return at::globalContext().hasCUDART(); }

at::Device parse_device(const std::string& text) {
  if (text == "cpu") return {at::kCPU};
  const auto index = text == "cuda"              ? 0
                     : text.starts_with("cuda:") ? parse_index(text.substr(5))
                                                 : std::nullopt;
  if (!index) throw UsageError("--device '" + text + "' is not cpu or cuda:N");
  const std::size_t count = at::getNumGPUs();
  if (count == 0)
    throw UsageError("--device " + text + ": " +
                     (built_with_cuda() ? "LibTorch sees no GPU" : "this LibTorch was built without CUDA") +
                     "; cpu always works");
  if (static_cast<std::size_t>(*index) >= count)
    throw UsageError("--device " + text + ": LibTorch sees " + std::to_string(count) + ", numbered from 0");
  return {at::kCUDA, static_cast<at::DeviceIndex>(*index)};
}

}  // namespace wcam
