// What to do when memory runs out: with fewer models loaded, or fewer images at a time, it may not.
#pragma once

#include <exception>
#include <stdexcept>

namespace wcam {

// Memory, the device's or the process's, did not suffice; the text says for what, and how much was asked for.
class OutOfMemory : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Whether that is what an exception means: OutOfMemory, std::bad_alloc, and what LibTorch throws when one of
// its allocators, of whatever device, fails. TorchScript's interpreter leaves only the text of what a
// network's operation threw, and versions of LibTorch differ in type, so the text decides.
bool is_out_of_memory(const std::exception& exception);

// Gives memory that was freed, and that malloc (as prepare_torch() has set it) or LibTorch's CUDA allocator
// keeps for the next forward, back to the system or the device.
void return_freed_memory();

}  // namespace wcam
