#include "tests/worker/torchscript_fixture.h"

#include <torch/script.h>

namespace wcam::test {

void save_torchscript(const std::filesystem::path& file, const std::string& source, int classes) {
  torch::jit::Module module("fixture");
  const at::Tensor weight = at::arange(1, 3 * classes + 1, at::kFloat).mul(0.01).reshape({classes, 3});
  module.register_parameter("weight", weight, false);
  module.register_attribute("training", c10::BoolType::get(), true);
  module.define(source);
  module.save(file.string());
}

}  // namespace wcam::test
