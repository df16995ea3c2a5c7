// The points at which a WCAM asks for the classifier's output.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/study/wcam_settings.h"

namespace wcam {

// The replicated design of Sobol indices (I. M. Sobol 1993; A. Saltelli et al., Comput. Phys. Commun. 181,
// 2010): two independent samples A and B of N points in [0, 1]^d, and for each cell i the sample C_i: A with
// column i taken from B. Rows are numbered A (N), B (N), C_0 (N), ..., C_{d-1} (N): N (d + 2) in all. Only A
// and B are held, 16 N d bytes; every other row is made when it is asked for. Immutable; any thread may read
// it.
class Design {
 public:
  // a, b: [N, d], row-major, d = grid * grid. Throws InputError naming sample, row and column of a value
  // outside [0, 1] or a row of zeros (every coefficient masked: a constant image explains nothing), or the
  // lengths.
  Design(int nb_design, int cells, std::vector<double> a, std::vector<double> b);

  int nb_design() const { return nb_design_; }
  int cells() const { return cells_; }
  std::int64_t rows() const { return std::int64_t{nb_design_} * (cells_ + 2); }

  std::span<const double> a(int point) const { return row_of(a_, point); }
  std::span<const double> b(int point) const { return row_of(b_, point); }

  // Row `index` of rows() into out [d].
  void row(std::int64_t index, std::span<double> out) const;
  // Where the N rows of C_cell start.
  std::int64_t first_row_of(int cell) const { return std::int64_t{nb_design_} * (cell + 2); }

 private:
  std::span<const double> row_of(const std::vector<double>& sample, int point) const {
    return std::span<const double>(sample).subspan(
        static_cast<std::size_t>(point) * static_cast<std::size_t>(cells_), static_cast<std::size_t>(cells_));
  }

  int nb_design_, cells_;
  std::vector<double> a_, b_;
};

// nb_design points in 2 grid^2 dimensions of the sampler and seed in `settings`: the first half of the
// coordinates is A, the second B. The published design is Sampler::kSobol with seed 42. Same settings, same
// bits, on every machine.
Design make_design(const WcamSettings& settings);

// A design made elsewhere: "FILE.h5" or "FILE.h5:GROUP", with datasets A and B [nb_design, grid^2], float32
// or float64. Throws InputError naming file, dataset, what it is and what it should be.
Design read_design(const std::string& file_and_group, const WcamSettings& settings);

// What WcamSettings::design says of it.
std::string design_identity(const std::string& file_and_group);

}  // namespace wcam
