#include "worker/models/memory.h"

#include <torch/version.h>

// Whether this LibTorch gives access to a device's cache without that device's headers.
#define WCAM_HAS_DEVICE_ALLOCATOR \
  (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 10))
#if WCAM_HAS_DEVICE_ALLOCATOR
#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>
#else
#include <dlfcn.h>
#endif

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <array>
#include <cctype>
#include <new>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace wcam {

namespace {

// In lower case: of the CUDA allocator and driver, of the CPU's (LibTorch 1.13, and 2 on), of libraries
// below.
constexpr std::array<std::string_view, 7> kTexts{
    "out of memory",      "can't allocate memory",      "not enough memory",        "std::bad_alloc",
    "dnnl_out_of_memory", "cublas_status_alloc_failed", "cudnn_status_alloc_failed"};

// A CUDA build's cache, without CUDA's headers, since the same sources are built without CUDA. LibTorch 2.1
// to 2.9 export nothing for it: there the cache goes back when the allocator itself runs short.
void empty_cuda_cache() {
#if WCAM_HAS_DEVICE_ALLOCATOR
  if (!at::globalContext().hasCUDA()) return;
  if (auto* const cache = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(c10::kCUDA)))
    cache->emptyCache();
#else  // LibTorch 1.8 to 2.0
  if (void* const empty = ::dlsym(RTLD_DEFAULT, "_ZN3c104cuda20CUDACachingAllocator10emptyCacheEv"))
    reinterpret_cast<void (*)()>(empty)();
#endif
}

}  // namespace

bool is_out_of_memory(const std::exception& exception) {
  if (dynamic_cast<const OutOfMemory*>(&exception) != nullptr ||
      dynamic_cast<const std::bad_alloc*>(&exception) != nullptr)
    return true;
  if (dynamic_cast<const InputError*>(&exception) != nullptr) return false;  // names files: any text
  std::string text = exception.what();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::any_of(kTexts.begin(), kTexts.end(),
                     [&](std::string_view part) { return text.find(part) != std::string::npos; });
}

void return_freed_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  empty_cuda_cache();
}

}  // namespace wcam
