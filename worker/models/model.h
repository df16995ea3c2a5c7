// A TorchScript classifier, loaded the fast way.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/study/case_spec.h"
#include "worker/images/image.h"

namespace wcam {

// The images from `first` on, as many as a batch holds; of the last batch the last image is repeated to fill
// it, since a row's result must not depend on how many neighbours it has.
std::vector<RgbImage> batch_from(std::span<const RgbImage> images, std::size_t first, std::size_t batch_size);

// Raises glibc's mmap and trim thresholds so that activations are reused instead of mapped on every forward
// (three times faster, but resident memory then grows with the batch), sets the number of threads of
// LibTorch, and rules out what would give the same input different bits (specialisation by profiling, cuDNN's
// timing, TF32). Call once, before the first tensor and the first model.
void prepare_torch(int threads);

// How far a picture's logits may move with its place and its neighbours in a batch, relative to the largest:
// sums in another order.
inline constexpr double kBatchRounding = 1e-4;
// Why a network cannot be used whose outputs are no function of one picture.
inline constexpr const char* kTwoRunsDiffer =
    "two runs on the same pictures differ: is dropout or another random layer still on? Call .eval() before "
    "exporting";
inline constexpr const char* kDependsOnBatch =
    "a picture's logits depend on the others in its batch: is batch normalisation in training mode? Call "
    ".eval() before exporting";

// A network's forward lacks on its device what another may have: float16, tensors that lie there.
class FailsOnDevice : public InputError {
 public:
  using InputError::InputError;
};

class Model {
 public:
  struct Impl;  // LibTorch's JIT, kept out of this header

  // Loads (channels_last, eval, frozen where it can be) onto "cpu" or "cuda:N", checks the file's SHA-256
  // against spec.sha256 unless that is empty, and runs two pictures. Throws InputError naming case, file and
  // what is wrong: not TorchScript, another SHA-256, an exception in forward (FailsOnDevice if another may
  // do it), an output that is not one tensor float32 [2, classes] with classes >= 2, logits that are not
  // finite or, beyond kBatchRounding, not a function of the picture alone, or another number of classes than
  // spec.classes names; UsageError when there is no such device; OutOfMemory (memory.h).
  static Model load(const CaseSpec& spec, const std::string& device);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  const CaseSpec& spec() const;
  std::int64_t classes() const;
  at::Device device() const;
  // Of its weights in memory: parameters, buffers and the constants into which freezing turns them, shared
  // ones counted once.
  std::uint64_t bytes() const;

  // input: float32 [n, 3, S, S], normalised, channels_last, on device(). Result: float32 logits [n,
  // classes()] on device(), made under inference mode. Throws std::runtime_error with the case's name and
  // LibTorch's cause in one line when the model throws or returns something else; OutOfMemory, with the same
  // text, when memory ran out.
  at::Tensor forward(const at::Tensor& input) const;

  // 8-bit images -> normalised input for forward(). Throws std::invalid_argument unless every image has
  // spec().input_size pixels a side.
  at::Tensor to_input(std::span<const RgbImage> images) const;

 private:
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wcam
