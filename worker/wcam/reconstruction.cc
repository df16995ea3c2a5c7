#include "worker/wcam/reconstruction.h"

#include <ATen/Parallel.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <string>

#include "common/base/error.h"
#include "worker/wcam/haar.h"
#include "worker/wcam/reconstruction_cpu.h"

namespace wcam {

namespace {

// The tensor form's temporaries of 8 images (4.8 MB each at 224 x 224) are twice as fast as those of 64.
constexpr std::int64_t kImagesAtATime = 8;

void check_side(std::int64_t side, const WcamSettings& s) {
  const std::string problem = side_problem(s, static_cast<int>(side), "the input's side");
  if (!problem.empty()) throw InputError(problem);
}

// [3, 1, 1] float32.
at::Tensor per_channel(const std::array<float, 3>& values, at::Device device) {
  return at::tensor(at::ArrayRef<float>(values), at::kFloat).reshape({3, 1, 1}).to(device);
}

// coefficients: [3, S, S], those of a dropped approximation set to 0.
std::vector<bool> cells_with_coefficients(const at::Tensor& coefficients, const WcamSettings& s,
                                          const std::vector<int>& cell_of_pixel) {
  std::vector<bool> found(static_cast<std::size_t>(s.cells()));
  const std::int64_t side = coefficients.size(2), block = side >> s.levels;
  const float* value = coefficients.data_ptr<float>();
  for (std::int64_t channel = 0; channel < 3; ++channel)
    for (std::int64_t y = 0; y < side; ++y)
      for (std::int64_t x = 0; x < side; ++x, ++value) {
        if (*value == 0 || (s.approximation == Approximation::kKeep && y < block && x < block)) continue;
        const int row = cell_of_pixel[static_cast<std::size_t>(y)],
                  col = cell_of_pixel[static_cast<std::size_t>(x)];
        found[static_cast<std::size_t>(row * s.grid + col)] = true;
      }
  return found;
}

}  // namespace

// The batch, and what fills it.
struct Reconstruction::Impl {
  Impl(const WcamSettings& of, const at::Tensor& planes, at::Device device, int batch_size)
      : settings(of),
        batch(at::zeros({batch_size, 3, planes.size(2), planes.size(2)},
                        at::TensorOptions(at::kFloat).device(device))
                  .contiguous(at::MemoryFormat::ChannelsLast)) {}
  virtual ~Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  virtual void write(std::span<const float> masks, int first) = 0;
  std::int64_t side() const { return batch.size(2); }

  const WcamSettings settings;
  const at::Tensor batch;
  std::vector<bool> has_coefficients;
};

namespace {

// What an image and its settings come to, in either form.
struct Transformed {
  at::Tensor coefficients;         // [3, S, S], CPU; zeros in a dropped approximation
  std::vector<int> cell_of_pixel;  // [S]
  // (q / 255 - mean) / std of 8-bit values, or (x - mean) / std, as one product and one sum.
  std::array<float, 3> scale{}, shift{};
};

Transformed transformed(const at::Tensor& planes, const WcamSettings& s, const std::array<double, 3>& mean,
                        const std::array<double, 3>& std) {
  Transformed image;
  image.coefficients = haar_forward(planes.contiguous(), s.levels);
  const std::int64_t side = planes.size(2), block = side >> s.levels;
  if (s.approximation == Approximation::kDrop)
    image.coefficients.narrow(1, 0, block).narrow(2, 0, block).zero_();
  image.cell_of_pixel = cells_of_pixels(s.grid, static_cast<int>(side));
  const double unit = s.mode == Mode::kReference ? 255 : 1;
  for (std::size_t c = 0; c < 3; ++c) {
    image.scale[c] = static_cast<float>(1 / (unit * std[c]));
    image.shift[c] = static_cast<float>(-mean[c] / std[c]);
  }
  return image;
}

class TensorForm final : public Reconstruction::Impl {
 public:
  TensorForm(const WcamSettings& s, const at::Tensor& planes, at::Device device, int batch_size,
             const Transformed& image)
      : Impl(s, planes, device, batch_size),
        coefficients_(image.coefficients.unsqueeze(0).to(device)),
        cell_of_pixel_(at::tensor(at::ArrayRef<int>(image.cell_of_pixel), at::kLong).to(device)),
        scale_(per_channel(image.scale, device)),
        shift_(per_channel(image.shift, device)) {}

  void write(std::span<const float> masks, int first) override {
    const std::int64_t g = settings.grid, count = static_cast<std::int64_t>(masks.size()) / (g * g);
    // from_blob wants a pointer to mutable values; they are only copied from.
    const at::Tensor given = at::from_blob(const_cast<float*>(masks.data()), {count, 1, g, g}, at::kFloat)
                                 .to(batch.device(), false, true);
    for (std::int64_t from = 0; from < count; from += kImagesAtATime) {
      const std::int64_t n = std::min(kImagesAtATime, count - from);
      at::Tensor mask =
          given.narrow(0, from, n).index_select(2, cell_of_pixel_).index_select(3, cell_of_pixel_);
      if (settings.approximation == Approximation::kKeep) {
        const std::int64_t block = side() >> settings.levels;
        mask.narrow(2, 0, block).narrow(3, 0, block).fill_(1);
      }
      const at::Tensor z = haar_inverse(mask.mul(coefficients_), settings.levels);
      batch.narrow(0, first + from, n).copy_(finish(z));
    }
  }

 private:
  at::Tensor finish(const at::Tensor& z) const {
    if (settings.mode == Mode::kCorrected) return z.mul(scale_).add_(shift_);
    const at::Tensor low = z.amin({1, 2, 3}, true), range = z.amax({1, 2, 3}, true).sub_(low);
    const at::Tensor to_grey =
        at::where(range.gt(0), at::full_like(range, 255).div_(range), at::zeros_like(range));
    return z.sub(low).mul_(to_grey).clamp_max_(255).trunc_().mul_(scale_).add_(shift_);
  }

  const at::Tensor coefficients_, cell_of_pixel_, scale_, shift_;
};

class FusedForm final : public Reconstruction::Impl {
 public:
  FusedForm(const WcamSettings& s, const at::Tensor& planes, at::Device device, int batch_size,
            const Transformed& image)
      : Impl(s, planes, device, batch_size) {
    at::Tensor coefficients = image.coefficients;
    float factor = 0.5F;
    for (int level = 1; level <= s.levels; ++level, factor *= 0.5F) {
      // The three details of this level: all of [0, n)^2 but its upper left quarter.
      const std::int64_t n = side() >> (level - 1);
      coefficients.narrow(1, 0, n / 2).narrow(2, n / 2, n / 2).mul_(factor);
      coefficients.narrow(1, n / 2, n / 2).narrow(2, 0, n).mul_(factor);
      if (level == s.levels) coefficients.narrow(1, 0, n / 2).narrow(2, 0, n / 2).mul_(factor);
    }
    plan_.side = static_cast<int>(side());
    plan_.levels = s.levels;
    plan_.grid = s.grid;
    plan_.keep_approximation = s.approximation == Approximation::kKeep;
    plan_.eight_bit = s.mode == Mode::kReference;
    const float* value = coefficients.data_ptr<float>();
    plan_.coefficients.assign(value, value + coefficients.numel());
    plan_.cell_of_pixel = image.cell_of_pixel;
    plan_.scale = image.scale;
    plan_.shift = image.shift;
  }

  void write(std::span<const float> masks, int first) override {
    const auto cells = static_cast<std::int64_t>(settings.cells());
    const std::int64_t count = static_cast<std::int64_t>(masks.size()) / cells, pixels = 3 * side() * side();
    float* out = batch.data_ptr<float>() + first * pixels;
    scratch_.resize(std::max(scratch_.size(), static_cast<std::size_t>(at::get_num_threads())));
    at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
      FusedScratch& own = scratch_[static_cast<std::size_t>(at::get_thread_num())];
      own.fit(plan_);
      for (std::int64_t i = begin; i < end; ++i)
        reconstruct_fused(plan_, masks.data() + i * cells, own, out + i * pixels);
    });
  }

 private:
  FusedReconstruction plan_;
  std::vector<FusedScratch> scratch_;  // one for each thread that at::parallel_for may use, by its number
};

}  // namespace

Reconstruction::Reconstruction(const at::Tensor& planes, const WcamSettings& settings,
                               const std::array<double, 3>& mean, const std::array<double, 3>& std,
                               at::Device device, int batch_size, std::optional<Form> form) {
  check_side(planes.size(2), settings);
  const bool fused = form.value_or(device.is_cpu() ? Form::kFused : Form::kTensor) == Form::kFused;
  if (fused && !device.is_cpu())
    throw InputError("the fused form of a reconstruction runs on a CPU, not on " + device.str());
  const Transformed image = transformed(planes, settings, mean, std);
  std::vector<bool> found = cells_with_coefficients(image.coefficients, settings, image.cell_of_pixel);
  if (fused)
    impl_ = std::make_unique<FusedForm>(settings, planes, device, batch_size, image);
  else
    impl_ = std::make_unique<TensorForm>(settings, planes, device, batch_size, image);
  impl_->has_coefficients = std::move(found);
}

Reconstruction::~Reconstruction() = default;
Reconstruction::Reconstruction(Reconstruction&&) noexcept = default;
Reconstruction& Reconstruction::operator=(Reconstruction&&) noexcept = default;

void Reconstruction::write(std::span<const float> masks, int first) { impl_->write(masks, first); }
const at::Tensor& Reconstruction::batch() const { return impl_->batch; }
const std::vector<bool>& Reconstruction::has_coefficients() const { return impl_->has_coefficients; }

at::Tensor image_planes(const RgbImage& image, Mode mode, const std::array<double, 3>& mean,
                        const std::array<double, 3>& std) {
  const std::int64_t pixels = std::int64_t{image.rows} * image.cols;
  at::Tensor planes = at::empty({3, image.rows, image.cols}, at::kFloat);
  for (std::int64_t c = 0; c < 3; ++c) {
    float* plane = planes.data_ptr<float>() + c * pixels;
    const auto channel = static_cast<std::size_t>(c);
    const auto centre = static_cast<float>(mean[channel]), spread = static_cast<float>(std[channel]);
    for (std::int64_t i = 0; i < pixels; ++i) {
      const float x = static_cast<float>(image.pixels[static_cast<std::size_t>(3 * i + c)]) / 255.0F;
      plane[i] = mode == Mode::kReference ? (x - centre) / spread : x;
    }
  }
  return planes;
}

std::vector<int> cells_of_pixels(int grid, int side) {
  std::vector<int> cells(static_cast<std::size_t>(side));
  for (int x = 0; x < side; ++x) cells[static_cast<std::size_t>(x)] = x * grid / side;
  return cells;
}

}  // namespace wcam
