// A TorchScript classifier, loaded the fast way.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/case_spec.h"
#include "worker/image.h"

namespace wcam {

// Raises glibc's mmap and trim thresholds so that activations are reused instead of mapped on every forward (three times
// faster; PLATFORM: resident memory then grows with the batch), and sets the number of threads of LibTorch. Call once,
// before the first tensor.
void prepare_torch(int threads);

class Model {
 public:
  // Loads (channels_last, eval, frozen) onto "cpu" or "cuda:N", checks the file's SHA-256 against spec.sha256, and runs
  // one blank image. Throws InputError naming case, file and what is wrong: not TorchScript, another SHA-256, no such device,
  // an exception in forward, an output that is not float [1, classes] with classes >= 2, or another number of classes than
  // spec.classes names.
  static Model load(const CaseSpec& spec, const std::string& device);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  const CaseSpec& spec() const;
  std::int64_t classes() const;
  at::Device device() const;

  // input: float32 [n, 3, S, S], normalised, channels_last, on device(). Result: float32 logits [n, classes()] on
  // device(). Under inference mode. Throws std::runtime_error with the case's name when the model throws.
  at::Tensor forward(const at::Tensor& input) const;

  // 8-bit images of equal square size -> normalised input for forward().
  at::Tensor to_input(std::span<const RgbImage> images) const;

 private:
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wcam
