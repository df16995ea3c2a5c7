#include "worker/models/blas_kernel.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace wcam {

namespace {

constexpr const char* kVariable = "OPENBLAS_CORETYPE";

// OpenBLAS's names (driver/others/dynamic.c) of those without AVX2 that it may take on a processor that has
// it. Newer ones than are known here have it.
constexpr std::array kBeforeAvx2{"Generic", "Katmai", "Coppermine", "Northwood",    "Prescott",
                                 "Banias",  "Atom",   "Core2",      "Penryn",       "Dunnington",
                                 "Nehalem", "Athlon", "Opteron",    "Opteron_SSE3", "Barcelona",
                                 "Nano",    "Bobcat", "Sandybridge"};

}  // namespace

// Not linked with: LibTorch's BLAS may be another.
std::string blas_kernel() {
  void* const core = ::dlsym(RTLD_DEFAULT, "openblas_get_corename");
  return core == nullptr ? "" : reinterpret_cast<const char* (*)()>(core)();
}

VectorInstructions vector_instructions() {
#ifdef __x86_64__
  return {__builtin_cpu_supports("avx2") > 0 && __builtin_cpu_supports("fma") > 0,
          __builtin_cpu_supports("avx512f") > 0 && __builtin_cpu_supports("avx512bw") > 0 &&
              __builtin_cpu_supports("avx512dq") > 0 && __builtin_cpu_supports("avx512vl") > 0};
#else
  return {};
#endif
}

std::string better_blas_kernel(std::string_view chosen, const VectorInstructions& processor) {
  if (std::find(kBeforeAvx2.begin(), kBeforeAvx2.end(), chosen) == kBeforeAvx2.end()) return "";
  return processor.avx512 ? "SkylakeX" : processor.avx2_and_fma ? "Haswell" : "";
}

void take_better_blas_kernel(char** argv) {
  if (std::getenv(kVariable) != nullptr) return;  // a user's word, or ours of a moment ago
  const std::string better = better_blas_kernel(blas_kernel(), vector_instructions());
  if (better.empty()) return;
  std::error_code unknown;
  // Resolved, so that the process keeps its name.
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (unknown) return;
  ::setenv(kVariable, better.c_str(), 1);
  ::execv(self.c_str(), argv);
  ::unsetenv(kVariable);
}

}  // namespace wcam
