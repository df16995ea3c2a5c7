// Where LibTorch computes.
#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <string>

namespace wcam {

// "cpu", "cuda" (the first GPU) or "cuda:N". Throws UsageError when the text is none of these, or LibTorch
// sees no such GPU, or was built without CUDA.
at::Device parse_device(const std::string& text);

// Of Hello.provenance (proto/wire.proto), bytes: of provenance_of(), and of what is added to it.
inline constexpr std::size_t kLongestProvenance = 256;

// What decides the last bits of a result beside plan and batch size, in one line of at most 256 bytes: the
// processor or GPU, LibTorch, what multiplies matrices with which kernel, and LibTorch's threads:
//   "AMD EPYC (family 26, model 2); LibTorch 1.13.1 AVX2; OpenBLAS 0.3.21 Haswell; 1 thread"
//   "NVIDIA H200; LibTorch 2.6.0; CUDA Runtime 12.4; CuDNN 90.1"
// Rows that say the same and have the same batch size are equal to the bit, others to rounding
// (docs/reproducibility.md).
std::string provenance_of(at::Device device);

// What at::show_config() says of LibTorch's build from `beginning` to the end of its line, or to a comma or
// bracket before that: configured("CUDA Runtime") is "CUDA Runtime 12.4". Empty: nothing.
std::string configured(const std::string& beginning);

// Whether LibTorch could use a GPU, if there is one.
bool built_with_cuda();

}  // namespace wcam
