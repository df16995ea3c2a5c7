// Samples of points in the unit cube. Every function gives [points, dimensions] row-major, values in [0, 1);
// the same arguments give the same bits on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace wcam {

// Largest number of dimensions of the Sobol sequences: the direction numbers of S. Joe and F. Kuo (2008) that
// LibTorch brings along, 30 bits.
inline constexpr int kMaxSobolDimensions = 21201;

// How the two Sobol sequences differ: only in the random bits that scramble them (J. Matousek's affine
// scrambling: a random lower triangular matrix and a digital shift). kScipy takes them from numpy's PCG64, so
// that points equal those of scipy.stats.qmc.Sobol(dimensions, scramble=True, seed=seed) of SciPy 1.10 bit
// for bit; kTorch from LibTorch's Mersenne twister, so that they equal
// torch.quasirandom.SobolEngine(dimensions, scramble=True, seed=seed) (drawn in float64).
enum class SobolBits { kScipy, kTorch };

// seed nullopt: not scrambled; the first point is then 0, which a WCAM cannot use. Throws InputError naming
// the bound when there are too many dimensions.
std::vector<double> sobol_points(int points, int dimensions, SobolBits bits,
                                 std::optional<std::uint64_t> seed);

// Halton's sequence in the first `dimensions` primes as bases. Not scrambled (seed nullopt) its points are
// nearly collinear for every base above the number of points. Scrambled, the leading digits, as many as tell
// the points apart, go through a random permutation for each place, and what follows them is uniform and
// independent for each point: A. B. Owen's random digits, arXiv 1706.02808, with nested tails. Each
// coordinate of a point is then uniform in [0, 1).
std::vector<double> halton_points(int points, int dimensions, std::optional<std::uint64_t> seed);

// One point in each of `points` equal slices of every axis (M. D. McKay et al., Technometrics 21(2), 1979).
// Equal to scipy.stats.qmc.LatinHypercube(dimensions, seed=seed) of SciPy 1.10.
std::vector<double> latin_hypercube_points(int points, int dimensions, std::uint64_t seed);

// Independent uniform points. For seeds below 2^32 equal to numpy.random.seed(seed);
// numpy.random.random(...).
std::vector<double> monte_carlo_points(int points, int dimensions, std::uint64_t seed);

}  // namespace wcam
