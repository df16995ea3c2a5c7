#include "worker/models/one_device.h"

#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>

namespace wcam {

namespace {

// A constant, or a text made one: torch.device("cpu").
bool names_a_device(const torch::jit::Node& node) {
  return (node.kind() == c10::prim::Constant || node.kind() == c10::aten::device) &&
         node.output()->type()->kind() == c10::TypeKind::DeviceObjType;
}

bool moves(const torch::jit::Node& node) {
  static const auto kCpu = c10::Symbol::aten("cpu"), kCuda = c10::Symbol::aten("cuda");
  return node.kind() == kCpu || node.kind() == kCuda;
}

void keep_on(at::Device device, torch::jit::Block& block) {
  for (auto node = block.nodes().begin(); node != block.nodes().end(); ++node) {
    if (names_a_device(**node)) {
      const torch::jit::WithInsertPoint before(*node);
      node->output()->replaceAllUsesWith(block.owningGraph()->insertConstant(device));
    } else if (moves(**node)) {
      node->output()->replaceAllUsesWith(node->input(0));
    }
    for (torch::jit::Block* inner : node->blocks()) keep_on(device, *inner);
  }
}

}  // namespace

void keep_on(at::Device device, torch::jit::Module& module) {
  const auto forward = module.find_method("forward");
  if (!forward) return;
  torch::jit::Inline(*forward->graph());
  keep_on(device, *forward->graph()->block());
}

}  // namespace wcam
