// A network that was traced on one device and runs on another.
#pragma once

#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

namespace wcam {

// Tracing writes down the device on which a network made its own tensors, masks say, as a constant: on any
// other they would meet weights that are elsewhere. Here every device that the module's forward names
// becomes `device`, and what it moves to the CPU or to CUDA stays where it is. Call it before anything is
// run or frozen.
void keep_on(at::Device device, torch::jit::Module& module);

}  // namespace wcam
