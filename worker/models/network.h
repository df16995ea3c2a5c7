// The network of a classifier, in TorchScript, loaded the fast way. What the study calls it is model.h's.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace wcam {

// Raises glibc's mmap and trim thresholds so that activations are reused instead of mapped on every forward
// (three times faster, but resident memory then grows with the batch), sets the number of threads of
// LibTorch, and rules out what would give the same input different bits (specialisation by profiling, cuDNN's
// timing, TF32). Call once, before the first tensor and the first model.
void prepare_torch(int threads);

// How far a picture's logits may move with its place and its neighbours in a batch, relative to the largest:
// sums in another order.
inline constexpr double kBatchRounding = 1e-4;
// How far an optimised network's logits may lie from the plain one's, relative to their spread over pictures
// and classes: a hundred times what rounding makes (docs/speed.md), far below what a wrong one does.
inline constexpr double kFormRounding = 1e-3;
// Why a network cannot be used whose outputs are no function of one picture.
inline constexpr const char* kTwoRunsDiffer =
    "two runs on the same pictures differ: is dropout or another random layer still on? Call .eval() before "
    "exporting";
inline constexpr const char* kNoGradient =
    "it gives no gradient of its logits by the picture: does it detach or round inside, or compute with "
    "integers? Explain it with an --estimator that needs none";
inline constexpr const char* kDependsOnBatch =
    "a picture's logits depend on the others in its batch: is batch normalisation in training mode? Call "
    ".eval() before exporting";

// Why a network cannot be used; the text names neither case nor file.
class Unusable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// It fails on its device, and may not on another: float16, tensors that lie there.
class Failing : public Unusable {
 public:
  using Unusable::Unusable;
};

// Logits of one class, float32 [n], and of each its slopes by its own picture, float32 [n, 3, S, S].
struct LogitGradient {
  at::Tensor logits, by_input;
};

class Network {
 public:
  struct Impl;  // LibTorch's JIT, kept out of this header

  // Reads it (channels_last, eval, frozen where it can be) onto the device, to compute there in `type`:
  // float32, float16 or bfloat16. Throws Unusable: not TorchScript, or of another LibTorch; OutOfMemory
  // (memory.h).
  static Network load(const std::filesystem::path& file, at::Device device, at::ScalarType type = at::kFloat);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  // Runs two pictures that are not alike, float32 [2, 3, S, S] as forward() takes them, and learns the number
  // of classes. Throws Unusable: an exception in forward (Failing if another device may do it), an output
  // that is not one tensor [2, classes] of the type with classes >= 2, logits that are not finite or, beyond
  // kBatchRounding, not a function of the picture alone; OutOfMemory.
  void try_on(const at::Tensor& pictures);

  // The same for logit_gradient(), of the class predicted for the first. Throws Unusable: an exception, or
  // slopes that are not there, not finite or all 0; OutOfMemory.
  void try_gradient_on(const at::Tensor& pictures) const;

  // Makes it what torch::jit::optimize_for_inference() makes of it, for batches of as many rows as `pictures`
  // has, float32 [n, 3, S, S] as forward() takes them. LibTorch 1.13's answers wrongly once it meets a second
  // shape, so forward() fills smaller batches up and refuses larger ones. Throws Unusable, after which this
  // network is of no use: it cannot be optimised, or its logits on the pictures are not within kFormRounding
  // of what they were; OutOfMemory.
  void optimise(const at::Tensor& pictures);

  // Of the logits; 0 before try_on().
  std::int64_t classes() const;
  at::Device device() const;
  // Of its weights in memory: parameters, buffers and the constants into which freezing turns them, shared
  // ones counted once.
  std::uint64_t bytes() const;

  // input: float32 [n, 3, S, S], normalised, channels_last, on device(). Result: float32 logits [n,
  // classes()] on device(), made under inference mode. Throws std::runtime_error with LibTorch's cause in one
  // line when the network throws or returns something else; OutOfMemory, with the same text, when memory ran
  // out.
  at::Tensor forward(const at::Tensor& input) const;

  // A forward and a backward: as forward(), for one class. Activations stay in memory meanwhile.
  LogitGradient logit_gradient(const at::Tensor& input, std::int64_t label) const;

 private:
  explicit Network(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wcam
