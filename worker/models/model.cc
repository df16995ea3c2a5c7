#include "worker/models/model.h"

#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "common/base/sha256.h"
#include "common/study/pointer_file.h"
#include "worker/models/built_in_pictures.h"
#include "worker/models/device.h"
#include "worker/models/memory.h"

namespace wcam {

namespace {

void check_file(const CaseSpec& spec) {
  if (!std::filesystem::is_regular_file(spec.file)) throw Unusable("no such file");
  if (is_pointer_file(spec.file)) throw Unusable(kNotFetched);
  if (spec.sha256.empty()) return;
  const std::string found = sha256_of_file(spec.file);
  if (found != spec.sha256) throw Unusable("SHA-256 is " + found + ", expected " + spec.sha256);
}

void check_classes(const CaseSpec& spec, std::int64_t classes) {
  const auto named = static_cast<std::int64_t>(spec.classes.size());
  if (named != 0 && named != classes)
    throw Unusable("it has " + std::to_string(classes) + " classes, the list of names has " +
                   std::to_string(named) + ", '" + spec.classes.front() + "' to '" + spec.classes.back() +
                   "'");
}

}  // namespace

std::vector<RgbImage> batch_from(std::span<const RgbImage> images, std::size_t first,
                                 std::size_t batch_size) {
  const auto taken = images.subspan(first, std::min(batch_size, images.size() - first));
  std::vector<RgbImage> batch(taken.begin(), taken.end());
  batch.resize(batch_size, batch.back());
  return batch;
}

Model::Model(const CaseSpec& spec, Network network, const ForwardForm& form)
    : spec_(spec), form_(form), network_(std::move(network)), levels_() {
  // The float32 operations of the published preprocessing.
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t level = 0; level < 256; ++level)
      levels_[c][level] = (static_cast<float>(level) / 255.0F - static_cast<float>(spec.mean[c])) /
                          static_cast<float>(spec.std[c]);
}

namespace {

std::string case_and_file(const CaseSpec& spec) {
  return "case '" + spec.name + "': " + spec.file.string() + ": ";
}

}  // namespace

Model Model::load(const CaseSpec& spec, const std::string& device, const ForwardForm& form) {
  const at::Device on = parse_device(device);
  const std::string which = case_and_file(spec);
  try {
    check_file(spec);
    Model model(spec, Network::load(spec.file, on), form);
    model.network_.try_on(model.to_input(built_in_pictures(spec.input_size, 2)));
    check_classes(spec, model.classes());
    if (form.optimised)
      model.network_.optimise(
          model.to_input(built_in_batch(spec.input_size, static_cast<std::size_t>(form.batch_size))));
    return model;
  } catch (const Failing& e) {
    throw FailsOnDevice(which + e.what());
  } catch (const Unusable& e) {
    throw InputError(which + e.what());
  } catch (const OutOfMemory& e) {
    throw OutOfMemory(which + e.what());
  }
}

void Model::check_gradient() const {
  try {
    network_.try_gradient_on(to_input(built_in_pictures(spec_.input_size, 2)));
  } catch (const Unusable& e) {
    throw InputError(case_and_file(spec_) + e.what());
  } catch (const OutOfMemory& e) {
    throw OutOfMemory(case_and_file(spec_) + e.what());
  }
}

template <typename Act>
auto Model::naming_case(const Act& act) const {
  const std::string which = "case '" + spec_.name + "': ";
  try {
    return act();
  } catch (const OutOfMemory& e) {
    throw OutOfMemory(which + e.what());
  } catch (const std::runtime_error& e) {
    throw std::runtime_error(which + e.what());
  }
}

at::Tensor Model::forward(const at::Tensor& input) const {
  return naming_case([&] { return network_.forward(input); });
}

LogitGradient Model::logit_gradient(const at::Tensor& input, std::int64_t label) const {
  return naming_case([&] { return network_.logit_gradient(input, label); });
}

at::Tensor Model::to_input(std::span<const RgbImage> images) const {
  const std::int64_t side = spec_.input_size;
  const c10::InferenceMode no_gradients;
  const at::Tensor input =
      at::empty({static_cast<std::int64_t>(images.size()), 3, side, side},
                at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  float* out = input.data_ptr<float>();  // channels last: in the order of the images' own bytes
  for (const RgbImage& image : images) {
    if (image.rows != side || image.cols != side)
      throw std::invalid_argument("case '" + spec_.name + "' takes images of " + std::to_string(side) +
                                  " x " + std::to_string(side) + " pixels, not " +
                                  std::to_string(image.cols) + " x " + std::to_string(image.rows));
    for (std::size_t i = 0; i < image.pixels.size(); ++i) *out++ = levels_[i % 3][image.pixels[i]];
  }
  return input.to(device());
}

}  // namespace wcam
