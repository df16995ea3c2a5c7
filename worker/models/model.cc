#include "worker/models/model.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>
#include <torch/version.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <array>
#include <climits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "worker/models/built_in_pictures.h"
#include "worker/models/device.h"
#include "worker/models/memory.h"
#include "worker/models/one_device.h"
#include "worker/models/torch_error.h"

namespace wcam {

namespace {

// What goes wrong while loading, before it is known for which case and file.
class Unusable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The forward fails on the device at hand, and may not on another.
class Failing : public Unusable {
 public:
  using Unusable::Unusable;
};

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

void check_file(const CaseSpec& spec) {
  if (!std::filesystem::is_regular_file(spec.file)) throw Unusable("no such file");
  if (spec.sha256.empty()) return;
  const std::string found = sha256_of_file(spec.file);
  if (found != spec.sha256) throw Unusable("SHA-256 is " + found + ", expected " + spec.sha256);
}

torch::jit::Module read_module(const std::filesystem::path& file, at::Device device) {
  try {
    return torch::jit::load(file.string(), device);
  } catch (const std::exception& e) {
    if (is_of_no_torchscript(cause_of(e)))
      throw_unusable(e, "not a TorchScript file (", "); docs/models.md says how to make one");
    throw_unusable(e, "this worker's LibTorch " TORCH_VERSION " cannot run it: ", "; " + remedy(cause_of(e)));
  }
}

// Two to three times faster than a plain load, the order being decisive: weights laid out channels last, then
// frozen. On `device`, also what the network makes while it runs.
torch::jit::Module make_fast(torch::jit::Module module, at::Device device) {
  module.eval();
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
      if (part.isTensor() && part.toTensor().defined() && part.toTensor().has_storage()) {
        const c10::Storage& storage = part.toTensor().storage();
        storages_[storage.unsafeGetStorageImpl()] = storage.nbytes();
      }
      return false;  // go on
    });
  }
  void add(const torch::jit::Block& block) {
    for (const torch::jit::Node* node : block.nodes()) {
      if (node->kind() == c10::prim::Constant)
        if (const auto value = torch::jit::toIValue(node->output())) add(*value);
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
at::Tensor logits_of(const c10::IValue& output, std::int64_t rows, std::optional<std::int64_t> classes) {
  const std::string expected = "Float [" + std::to_string(rows) + ", " +
                               (classes ? std::to_string(*classes) : std::string("classes >= 2")) + "]";
  if (!output.isTensor())
    throw Unusable("forward returns " + output.type()->repr_str() + ", expected " + expected);
  const at::Tensor& logits = output.toTensor();
  if (logits.scalar_type() != at::kFloat || logits.dim() != 2 || logits.size(0) != rows ||
      (classes ? logits.size(1) != *classes : logits.size(1) < 2))
    throw Unusable("forward returns " + shape_text(logits) + ", expected " + expected);
  return logits;
}

// Normalised values of the 256 levels of each channel, by the float32 operations of the published
// preprocessing.
using LevelTable = std::array<std::array<float, 256>, 3>;

LevelTable level_table(const CaseSpec& spec) {
  LevelTable table;
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t level = 0; level < 256; ++level)
      table[c][level] = (static_cast<float>(level) / 255.0F - static_cast<float>(spec.mean[c])) /
                        static_cast<float>(spec.std[c]);
  return table;
}

}  // namespace

struct Model::Impl {
  CaseSpec spec;
  at::Device device;
  torch::jit::Module module;
  LevelTable levels;
  std::uint64_t bytes;
  std::int64_t classes = 0;

  Impl(const CaseSpec& of, at::Device on, const torch::jit::Module& loaded)
      : spec(of), device(on), module(loaded), levels(level_table(of)), bytes(WeightCounter(loaded).bytes()) {}

  c10::IValue run(const at::Tensor& input) {
    const c10::InferenceMode no_gradients;
    return module.forward({input});
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
at::Tensor try_on(Model::Impl& impl, const at::Tensor& pictures, std::optional<std::int64_t> classes = {}) {
  c10::IValue output;
  try {
    output = impl.run(pictures);
  } catch (const std::exception& e) {
    constexpr const char* kBefore = "forward fails on two pictures: ";
    if (is_of_a_device(e)) throw Failing(kBefore + cause_of(e));
    throw_unusable(e, kBefore);
  }
  return logits_of(output, 2, classes).to(at::kCPU);
}

bool differ(const at::Tensor& a, const at::Tensor& b) {
  return !((a - b).abs().max() <= kBatchRounding * a.abs().max()).item<bool>();  // NaN differs
}

// Tries the network on two pictures, which are not blank: a network may standardise each by itself. Two, so
// that a batch size frozen in by tracing is noticed here and not in the middle of a sweep. The second then
// stands first beside itself: its logits must depend neither on its place nor on its neighbours.
std::int64_t count_classes(Model::Impl& impl, const at::Tensor& pictures) {
  const c10::InferenceMode no_gradients;
  const GivesBack gives_back;
  const at::Tensor logits = try_on(impl, pictures);
  if (!logits.isfinite().all().item<bool>())
    throw Unusable(
        "the logits of two pictures are not finite: the weights hold NaN or infinity, or mean and std do not "
        "fit the model");
  const std::int64_t classes = logits.size(1), named = static_cast<std::int64_t>(impl.spec.classes.size());
  if (named != 0 && named != classes)
    throw Unusable("it has " + std::to_string(classes) + " classes, the list of names has " +
                   std::to_string(named));
  if (differ(logits, try_on(impl, pictures, classes))) throw Unusable(kTwoRunsDiffer);
  const at::Tensor second = pictures.narrow(0, 1, 1);
  if (differ(logits[1], try_on(impl, at::cat({second, second}), classes)[0])) throw Unusable(kDependsOnBatch);
  return classes;
}

}  // namespace

std::vector<RgbImage> batch_from(std::span<const RgbImage> images, std::size_t first,
                                 std::size_t batch_size) {
  const auto taken = images.subspan(first, std::min(batch_size, images.size() - first));
  std::vector<RgbImage> batch(taken.begin(), taken.end());
  batch.resize(batch_size, batch.back());
  return batch;
}

void prepare_torch(int threads) {
#ifdef __GLIBC__
  // By default glibc maps every large activation afresh and gives it back: three times the time of the
  // forward itself.
  mallopt(M_MMAP_THRESHOLD, INT_MAX);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
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

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

Model Model::load(const CaseSpec& spec, const std::string& device) {
  const at::Device on = parse_device(device);
  try {
    check_file(spec);
    Model model(std::make_unique<Impl>(spec, on, make_fast(read_module(spec.file, on), on)));
    model.impl_->classes = count_classes(*model.impl_, model.to_input(built_in_pictures(spec.input_size, 2)));
    return model;
  } catch (const Failing& e) {
    throw FailsOnDevice("case '" + spec.name + "': " + spec.file.string() + ": " + e.what());
  } catch (const Unusable& e) {
    throw InputError("case '" + spec.name + "': " + spec.file.string() + ": " + e.what());
  } catch (const OutOfMemory& e) {
    throw OutOfMemory("case '" + spec.name + "': " + spec.file.string() + ": " + e.what());
  }
}

const CaseSpec& Model::spec() const { return impl_->spec; }
std::int64_t Model::classes() const { return impl_->classes; }
at::Device Model::device() const { return impl_->device; }
std::uint64_t Model::bytes() const { return impl_->bytes; }

at::Tensor Model::forward(const at::Tensor& input) const {
  try {
    return logits_of(impl_->run(input), input.size(0), impl_->classes);
  } catch (const std::exception& e) {
    const std::string text =
        "case '" + impl_->spec.name + "': the model fails on " + shape_text(input) + ": " + cause_of(e);
    if (is_out_of_memory(e)) throw OutOfMemory(text);
    throw std::runtime_error(text);
  }
}

at::Tensor Model::to_input(std::span<const RgbImage> images) const {
  const std::int64_t side = impl_->spec.input_size;
  const c10::InferenceMode no_gradients;
  const at::Tensor input =
      at::empty({static_cast<std::int64_t>(images.size()), 3, side, side},
                at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  float* out = input.data_ptr<float>();  // channels last: in the order of the images' own bytes
  for (const RgbImage& image : images) {
    if (image.rows != side || image.cols != side)
      throw std::invalid_argument("case '" + impl_->spec.name + "' takes images of " + std::to_string(side) +
                                  " x " + std::to_string(side) + " pixels, not " +
                                  std::to_string(image.cols) + " x " + std::to_string(image.rows));
    for (std::size_t i = 0; i < image.pixels.size(); ++i) *out++ = impl_->levels[i % 3][image.pixels[i]];
  }
  return input.to(impl_->device);
}

}  // namespace wcam
