// A classifier of the study: its network, and the pictures it takes.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/study/case_spec.h"
#include "common/study/forward_form.h"
#include "worker/images/image.h"
#include "worker/models/network.h"

namespace wcam {

// The images from `first` on, as many as a batch holds; of the last batch the last image is repeated to fill
// it, since a row's result must not depend on how many neighbours it has.
std::vector<RgbImage> batch_from(std::span<const RgbImage> images, std::size_t first, std::size_t batch_size);

// A network's forward lacks on its device what another may have: float16, tensors that lie there.
class FailsOnDevice : public InputError {
 public:
  using InputError::InputError;
};

class Model {
 public:
  // Network::load() of the case's file onto "cpu" or "cuda:N", whose SHA-256 is checked against spec.sha256
  // unless that is empty, and Network::try_on() on two pictures; Network::optimise() where the form says so,
  // on built_in_pictures(). Throws InputError (FailsOnDevice) that names
  // case and file: what these find unusable, no such file, another SHA-256, or another number of classes than
  // spec.classes has; UsageError when there is no such device; OutOfMemory (memory.h).
  static Model load(const CaseSpec& spec, const std::string& device, const ForwardForm& form = {});

  const CaseSpec& spec() const { return spec_; }
  // A batch may be smaller than its, and of a plain one larger.
  const ForwardForm& form() const { return form_; }
  std::int64_t classes() const { return network_.classes(); }
  at::Device device() const { return network_.device(); }
  std::uint64_t bytes() const { return network_.bytes(); }

  // Network::forward(); what it throws names the case too.
  at::Tensor forward(const at::Tensor& input) const;

  // Network::logit_gradient(), in the same way.
  LogitGradient logit_gradient(const at::Tensor& input, std::int64_t label) const;
  // Throws InputError that names case and file where a gradient is of no use (Network::try_gradient_on());
  // OutOfMemory.
  void check_gradient() const;

  // 8-bit images -> normalised input for forward(). Throws std::invalid_argument unless every image has
  // spec().input_size pixels a side.
  at::Tensor to_input(std::span<const RgbImage> images) const;

 private:
  Model(const CaseSpec& spec, Network network, const ForwardForm& form);
  template <typename Act>
  auto naming_case(const Act& act) const;

  CaseSpec spec_;
  ForwardForm form_;
  Network network_;
  // Normalised values of the 256 levels of each channel.
  std::array<std::array<float, 256>, 3> levels_;
};

}  // namespace wcam
