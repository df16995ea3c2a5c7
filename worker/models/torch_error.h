// What LibTorch's exceptions say.
#pragma once

#include <exception>
#include <string>

namespace wcam {

// In one line, without the traceback and the backtrace that make pages of it; the operator that is at
// fault is named.
std::string cause_of(const std::exception& exception);

// Whether the cause of a failure to load is that the file is no archive of TorchScript at all, or half of
// one.
bool is_of_no_torchscript(const std::string& cause);

}  // namespace wcam
