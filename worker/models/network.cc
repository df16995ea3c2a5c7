#include "worker/models/network.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>
#include <torch/version.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <climits>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "worker/models/memory.h"
#include "worker/models/one_device.h"
#include "worker/models/torch_error.h"

namespace wcam {

namespace {

// An operation that this device lacks for a type, or constants that lie on another: LibTorch has no type for
// these errors, so the text decides.
bool is_of_a_device(const std::exception& exception) {
  const std::string text = cause_of(exception);
  const auto says = [&text](const char* words) { return text.find(words) != std::string::npos; };
  return says("not implemented for 'Half'") || says("not implemented for 'BFloat16'") ||
         says("same device") || says("CUDA") || says("cuda");
}

// The memory that ran out is no fault of the file.
[[noreturn]] void throw_unusable(const std::exception& exception, const std::string& before,
                                 const std::string& after = "") {
  const std::string text = before + cause_of(exception) + after;
  if (is_out_of_memory(exception)) throw OutOfMemory(text);
  throw Unusable(text);
}

// For a network that was read and cannot be run, by its operators mostly.
std::string remedy(const std::string& cause) {
  constexpr std::string_view kUnknown = "Unknown builtin op: ";
  if (cause.starts_with(kUnknown) && !std::string_view(cause).substr(kUnknown.size()).starts_with("aten::"))
    return "that operator is of a library which no worker loads: export the network without it";
  return "was it made by a newer PyTorch? Export it with PyTorch " TORCH_VERSION
         " or older, or build the worker with a newer LibTorch";
}

// What torch.export.save and AOTInductor write, by the names in the directory at such an archive's end.
bool is_of_torch_export(const std::filesystem::path& file) {
  constexpr std::streamoff kDirectory = 1 << 16;
  std::ifstream archive(file, std::ios::binary | std::ios::ate);
  archive.seekg(-std::min<std::streamoff>(archive.tellg(), kDirectory), std::ios::end);
  const std::string directory(std::istreambuf_iterator<char>(archive), {});
  return directory.find("serialized_exported_program.json") != std::string::npos ||
         directory.find("archive_format") != std::string::npos;
}

torch::jit::Module read_module(const std::filesystem::path& file, at::Device device) {
  try {
    return torch::jit::load(file.string(), device);
  } catch (const std::exception& e) {
    if (!is_of_no_torchscript(cause_of(e)))
      throw_unusable(e,
                     "this worker's LibTorch " TORCH_VERSION " cannot run it: ", "; " + remedy(cause_of(e)));
    if (is_of_torch_export(file))
      throw Unusable(
          "no TorchScript file but an exported program or a package of AOTInductor (.pt2): models/export.py "
          "makes TorchScript of an exported program");
    throw_unusable(e, "not a TorchScript file (", "); docs/models.md says how to make one");
  }
}

// Two to three times faster than a plain load, the order being decisive: weights laid out channels last, then
// frozen. On `device`, also what the network makes while it runs.
torch::jit::Module make_fast(torch::jit::Module module, at::Device device, at::ScalarType type) {
  module.eval();
  if (type != at::kFloat) module.to(type);
  keep_on(device, module);
  for (auto parameter : module.parameters())
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  try {
    return torch::jit::freeze(module);
  } catch (const std::exception& e) {
    if (is_out_of_memory(e)) throw OutOfMemory(cause_of(e));
    return module;  // a model that changes its own attributes cannot be frozen; it runs all the same, slower
  }
}

// Collects the storages of tensors, each once.
class WeightCounter {
 public:
  explicit WeightCounter(const torch::jit::Module& module) {
    add(module._ivalue());
    for (const torch::jit::Module& part : module.modules())
      for (const torch::jit::Method& method : part.get_methods()) add(*method.graph()->block());
  }

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [storage, size] : storages_) sum += size;
    return sum;
  }

 private:
  void add(const c10::IValue& value) {
    value.visit([this](const c10::IValue& part) {
      if (part.isTensor() && part.toTensor().defined()) add(part.toTensor());
      return false;  // go on
    });
  }
  void add(const at::Tensor& tensor) {
    if (tensor.has_storage())
      storages_[tensor.storage().unsafeGetStorageImpl()] = tensor.storage().nbytes();
    else  // laid out by oneDNN
      storages_[tensor.unsafeGetTensorImpl()] =
          static_cast<std::uint64_t>(tensor.numel()) * tensor.itemsize();
  }
  void add(const torch::jit::Block& block) {
    for (const torch::jit::Node* node : block.nodes()) {
      if (node->kind() == c10::prim::Constant)
        if (const auto value = torch::jit::toIValue(node->output())) add(*value);
      for (const c10::Symbol name : node->attributeNames())  // of what was laid out for oneDNN
        if (node->kindOf(name) == torch::jit::AttributeKind::t) add(node->t(name));
      for (const torch::jit::Block* inner : node->blocks()) add(*inner);
    }
  }

  std::map<const void*, std::uint64_t> storages_;
};

std::string shape_text(const at::Tensor& tensor) {
  std::string text = std::string(c10::toString(tensor.scalar_type())) + " [";
  for (std::int64_t d = 0; d < tensor.dim(); ++d)
    text += (d > 0 ? ", " : "") + std::to_string(tensor.size(d));
  return text + "]";
}

// classes: how many, if known already.
at::Tensor logits_of(const c10::IValue& output, std::int64_t rows, std::optional<std::int64_t> classes,
                     at::ScalarType type) {
  const std::string expected = std::string(c10::toString(type)) + " [" + std::to_string(rows) + ", " +
                               (classes ? std::to_string(*classes) : std::string("classes >= 2")) + "]";
  if (!output.isTensor())
    throw Unusable("forward returns " + output.type()->repr_str() + ", expected " + expected);
  const at::Tensor& logits = output.toTensor();
  if (logits.scalar_type() != type || logits.dim() != 2 || logits.size(0) != rows ||
      (classes ? logits.size(1) != *classes : logits.size(1) < 2))
    throw Unusable("forward returns " + shape_text(logits) + ", expected " + expected);
  return logits.to(at::kFloat);
}

}  // namespace

struct Network::Impl {
  at::Device device;
  at::ScalarType type;
  torch::jit::Module module;
  std::uint64_t bytes;
  std::optional<std::int64_t> classes;
  std::optional<std::int64_t> rows;  // of every batch, once optimised

  Impl(at::Device on, at::ScalarType of, const torch::jit::Module& loaded)
      : device(on), type(of), module(loaded), bytes(WeightCounter(loaded).bytes()) {}

  c10::IValue run(const at::Tensor& input) {
    const c10::InferenceMode no_gradients;
    const std::int64_t given = input.size(0), needed = rows.value_or(given);
    if (given == needed) return module.forward({input.to(type)});
    if (given > needed)
      throw std::invalid_argument("it is optimised for " + std::to_string(needed) + " images a forward");
    const at::Tensor last = input.narrow(0, given - 1, 1).expand({needed - given, -1, -1, -1});
    const at::Tensor full = at::cat({input, last}).contiguous(at::MemoryFormat::ChannelsLast);
    return module.forward({full.to(type)}).toTensor().narrow(0, 0, given);
  }

  LogitGradient gradient(const at::Tensor& input, std::int64_t label) {
    const c10::InferenceMode with_gradients(false);
    const at::Tensor picture = input.clone().set_requires_grad(true);  // one of inference mode has none
    // A copy, since a network may write into what it is given.
    const at::Tensor logits =
        logits_of(module.forward({picture.to(type, false, /*copy=*/true)}), input.size(0), classes, type)
            .select(1, label);
    if (!logits.requires_grad()) throw Unusable(kNoGradient);
    const auto slopes = torch::autograd::grad({logits.sum()}, {picture}, {}, {}, /*create_graph=*/false,
                                              /*allow_unused=*/true);
    if (!slopes.front().defined()) throw Unusable(kNoGradient);
    return {logits.detach(), slopes.front()};
  }
};

namespace {

// Freed memory is kept for the next forward (prepare_torch).
bool keeps_memory = false;

// While one lives, blocks beyond 64 MiB go back to the system when they are freed. Networks are tried beside
// each other's weights, and what is allocated behind an activation would leave a hole of its size.
class GivesBack {
 public:
  GivesBack() { set_threshold(1 << 26); }
  ~GivesBack() { set_threshold(INT_MAX); }
  GivesBack(const GivesBack&) = delete;
  GivesBack& operator=(const GivesBack&) = delete;

 private:
  static void set_threshold([[maybe_unused]] int bytes) {
#ifdef __GLIBC__
    if (keeps_memory) mallopt(M_MMAP_THRESHOLD, bytes);
#endif
  }
};

// classes: how many, if known already.
at::Tensor logits_on(Network::Impl& impl, const at::Tensor& pictures,
                     std::optional<std::int64_t> classes = {}) {
  c10::IValue output;
  try {
    output = impl.run(pictures);
  } catch (const std::exception& e) {
    constexpr const char* kBefore = "forward fails on two pictures: ";
    if (is_of_a_device(e)) throw Failing(kBefore + cause_of(e));
    throw_unusable(e, kBefore);
  }
  return logits_of(output, 2, classes, impl.type).to(at::kCPU);
}

bool differ(const at::Tensor& a, const at::Tensor& b) {
  return !((a - b).abs().max() <= kBatchRounding * a.abs().max()).item<bool>();  // NaN differs
}

}  // namespace

void prepare_torch(int threads) {
#ifdef __GLIBC__
  // By default glibc maps every large activation afresh and gives it back: three times the time of the
  // forward itself.
  mallopt(M_MMAP_THRESHOLD, INT_MAX);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  // Once an allocation has failed, glibc moves the thread to another arena, of whose top
  // return_freed_memory() gets nothing back.
  mallopt(M_ARENA_MAX, 1);
  keeps_memory = true;
#endif
  at::set_num_threads(threads);
  // OpenBLAS, if that is the BLAS at hand, has a thread of its own for every core, and those of several
  // workers wait for each other by spinning: measured 74 s in place of 5 on a busy machine
  // (benchmarks/RESULTS.md).
  if (void* const set_threads = ::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))
    reinterpret_cast<void (*)(int)>(set_threads)(1);
  // Same input, same bits: no program specialised after the first runs, no algorithm chosen by timing, no
  // shortened floats.
  torch::jit::getProfilingMode() = false;
  at::globalContext().setBenchmarkCuDNN(false);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

Network Network::load(const std::filesystem::path& file, at::Device device, at::ScalarType type) {
  return Network(std::make_unique<Impl>(device, type, make_fast(read_module(file, device), device, type)));
}

// Pictures that are not blank: a network may standardise each by itself. Two, so that a batch size frozen in
// by tracing is noticed here and not in the middle of a sweep. The second then stands first beside itself:
// its logits must depend neither on its place nor on its neighbours.
void Network::try_on(const at::Tensor& pictures) {
  const c10::InferenceMode no_gradients;
  const GivesBack gives_back;
  const at::Tensor logits = logits_on(*impl_, pictures);
  if (!logits.isfinite().all().item<bool>())
    throw Unusable(
        "the logits of two pictures are not finite: the weights hold NaN or infinity, or mean and std do not "
        "fit the model");
  const std::int64_t classes = logits.size(1);
  if (differ(logits, logits_on(*impl_, pictures, classes))) throw Unusable(kTwoRunsDiffer);
  const at::Tensor second = pictures.narrow(0, 1, 1);
  if (differ(logits[1], logits_on(*impl_, at::cat({second, second}), classes)[0]))
    throw Unusable(kDependsOnBatch);
  impl_->classes = classes;
}

void Network::try_gradient_on(const at::Tensor& pictures) const {
  const c10::InferenceMode no_gradients;
  const GivesBack gives_back;
  if (impl_->rows) throw Unusable("optimised it has no gradient: --form plain, or another --estimator");
  const auto label = logits_on(*impl_, pictures, impl_->classes)[0].argmax().item<std::int64_t>();
  const auto gradient = [&] {
    try {
      return impl_->gradient(pictures, label).by_input;
    } catch (const Unusable&) {
      throw;
    } catch (const std::exception& e) {
      throw_unusable(e, "no gradient of its logits by two pictures can be had: ");
    }
  }();
  if (!gradient.isfinite().all().item<bool>())
    throw Unusable(
        "the gradient of its logits by two pictures is not finite: explain it with an --estimator that needs "
        "none");
  if (!gradient.any().item<bool>()) throw Unusable(kNoGradient);
}

// Cloned, since what has run once keeps to the program that it was then. The first call with this shape is
// not the one that counts: LibTorch 1.13 is right in its first.
void Network::optimise(const at::Tensor& pictures) {
  const GivesBack gives_back;
  try {
    const at::Tensor expected = forward(pictures.flip(0));
    torch::jit::Module copy = impl_->module.clone();
    impl_->module = torch::jit::optimize_for_inference(copy);
    impl_->rows = pictures.size(0);
    impl_->bytes = WeightCounter(impl_->module).bytes();
    forward(pictures);
    const double spread = (expected.max() - expected.min()).item<double>(),
                 apart = (forward(pictures.flip(0)) - expected).abs().max().item<double>();
    if (!(apart <= kFormRounding * spread))  // NaN
      throw Unusable("its logits differ by " + std::to_string(apart) + ", of a spread of " +
                     std::to_string(spread) + ", from the plain one's");
  } catch (const Unusable&) {
    throw;
  } catch (const std::exception& e) {
    throw_unusable(e, "LibTorch " TORCH_VERSION " cannot optimise it: ");
  }
}

std::int64_t Network::classes() const { return impl_->classes.value_or(0); }
at::Device Network::device() const { return impl_->device; }
std::uint64_t Network::bytes() const { return impl_->bytes; }

namespace {

[[noreturn]] void throw_failure(const at::Tensor& input, const std::exception& why) {
  const std::string text = "the model fails on " + shape_text(input) + ": " + cause_of(why);
  if (is_out_of_memory(why)) throw OutOfMemory(text);
  throw std::runtime_error(text);
}

}  // namespace

at::Tensor Network::forward(const at::Tensor& input) const try {
  return logits_of(impl_->run(input), input.size(0), impl_->classes, impl_->type);
} catch (const std::exception& e) {
  throw_failure(input, e);
}

LogitGradient Network::logit_gradient(const at::Tensor& input, std::int64_t label) const try {
  return impl_->gradient(input, label);
} catch (const std::exception& e) {
  throw_failure(input, e);
}

}  // namespace wcam
