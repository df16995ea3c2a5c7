#include "worker/models/device.h"

#include <ATen/Context.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "common/base/error.h"

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

}  // namespace

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
                     "; --device cpu always works");
  if (static_cast<std::size_t>(*index) >= count)
    throw UsageError("--device " + text + ": LibTorch sees " + std::to_string(count) + ", numbered from 0");
  return {at::kCUDA, static_cast<at::DeviceIndex>(*index)};
}

}  // namespace wcam
