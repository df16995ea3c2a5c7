// Where LibTorch computes.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace wcam {

// "cpu", "cuda" (the first GPU) or "cuda:N". Throws UsageError when the text is none of these, or LibTorch
// sees no such GPU, or was built without CUDA.
at::Device parse_device(const std::string& text);

// Whether LibTorch could use a GPU, if there is one.
bool built_with_cuda();

}  // namespace wcam
