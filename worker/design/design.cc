#include "worker/design/design.h"

#include <algorithm>
#include <utility>

#include "common/base/error.h"
#include "worker/design/samplers.h"

namespace wcam {

namespace {

void check(const char* sample, const std::vector<double>& values, int points, int cells) {
  const auto columns = static_cast<std::size_t>(cells), rows = static_cast<std::size_t>(points);
  if (values.size() != rows * columns)
    throw InputError(std::string("design ") + sample + " has " + std::to_string(values.size()) +
                     " values, not " + std::to_string(points) + " x " + std::to_string(cells));
  for (std::size_t r = 0; r < rows; ++r) {
    bool zero = true;
    for (std::size_t c = 0; c < columns; ++c) {
      const double value = values[r * columns + c];
      if (!(value >= 0 && value <= 1))
        throw InputError(std::string("design ") + sample + "[" + std::to_string(r) + "][" +
                         std::to_string(c) + "] is " + std::to_string(value) + ", outside 0 to 1");
      zero = zero && value == 0;
    }
    if (zero)
      throw InputError(std::string("design ") + sample + "[" + std::to_string(r) +
                       "] is all zeros: it masks everything, and a constant image explains nothing. Scramble "
                       "the sequence");
  }
}

std::vector<double> points_of(const WcamSettings& s) {
  const int dimensions = 2 * s.cells();
  switch (s.sampler) {
    case Sampler::kSobol:
      return sobol_points(s.nb_design, dimensions, SobolBits::kScipy, s.design_seed);
    case Sampler::kTorchSobol:
      return sobol_points(s.nb_design, dimensions, SobolBits::kTorch, s.design_seed);
    case Sampler::kHalton:
      return halton_points(s.nb_design, dimensions, s.design_seed);
    case Sampler::kLatinHypercube:
      return latin_hypercube_points(s.nb_design, dimensions, s.design_seed);
    case Sampler::kMonteCarlo:
      return monte_carlo_points(s.nb_design, dimensions, s.design_seed);
  }
  invariant_broken("a sampler without points");
}

}  // namespace

Design::Design(int nb_design, int cells, std::vector<double> a, std::vector<double> b)
    : nb_design_(nb_design), cells_(cells), a_(std::move(a)), b_(std::move(b)) {
  check("A", a_, nb_design, cells);
  check("B", b_, nb_design, cells);
}

void Design::row(std::int64_t index, std::span<double> out) const {
  const auto sample = static_cast<int>(index / nb_design_), point = static_cast<int>(index % nb_design_);
  const auto source = sample == 1 ? b(point) : a(point);
  std::copy(source.begin(), source.end(), out.begin());
  if (sample >= 2) {
    const auto cell = static_cast<std::size_t>(sample - 2);
    out[cell] = b(point)[cell];
  }
}

Design make_design(const WcamSettings& settings) {
  check(settings);
  const auto points = points_of(settings);
  const auto cells = static_cast<std::size_t>(settings.cells());
  std::vector<double> a, b;
  a.reserve(points.size() / 2);
  b.reserve(points.size() / 2);
  for (auto row = points.begin(); row != points.end(); row += static_cast<std::ptrdiff_t>(2 * cells)) {
    const auto middle = row + static_cast<std::ptrdiff_t>(cells);
    a.insert(a.end(), row, middle);
    b.insert(b.end(), middle, middle + static_cast<std::ptrdiff_t>(cells));
  }
  return {settings.nb_design, settings.cells(), std::move(a), std::move(b)};
}

}  // namespace wcam
