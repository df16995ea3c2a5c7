#include "worker/wcam/reconstruction.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <string>

#include "common/base/error.h"
#include "worker/wcam/reconstruction_cpu.h"
#include "worker/wcam/reconstruction_tensor.h"

namespace wcam {

namespace {

// The tensor form's temporaries of 8 images (4.8 MB each at 224 x 224) are twice as fast as those of 64.
constexpr std::int64_t kImagesAtATime = 8;

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

class TensorForm final : public Reconstruction::Impl {
 public:
  TensorForm(const TransformedImage& image, const at::Tensor& planes, at::Device device, int batch_size)
      : Impl(image.settings, planes, device, batch_size), image_(image, device) {}

  void write(std::span<const float> masks, int first) override {
    const at::Tensor given = image_.on_device(masks);
    for (std::int64_t from = 0; from < given.size(0); from += kImagesAtATime) {
      const std::int64_t n = std::min(kImagesAtATime, given.size(0) - from);
      batch.narrow(0, first + from, n).copy_(image_.shown(image_.inverse(given.narrow(0, from, n))));
    }
  }

 private:
  const TensorReconstruction image_;
};

class FusedForm final : public Reconstruction::Impl {
 public:
  FusedForm(const TransformedImage& image, const at::Tensor& planes, at::Device device, int batch_size)
      : Impl(image.settings, planes, device, batch_size) {
    const WcamSettings& s = settings;
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
  const bool fused = form.value_or(device.is_cpu() ? Form::kFused : Form::kTensor) == Form::kFused;
  if (fused && !device.is_cpu())
    throw InputError("the fused form of a reconstruction runs on a CPU, not on " + device.str());
  const TransformedImage image = transformed(planes, settings, mean, std);
  std::vector<bool> found = cells_with_coefficients(image.coefficients, settings, image.cell_of_pixel);
  if (fused)
    impl_ = std::make_unique<FusedForm>(image, planes, device, batch_size);
  else
    impl_ = std::make_unique<TensorForm>(image, planes, device, batch_size);
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
