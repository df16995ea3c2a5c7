// Sweeps whose truth is known: results as a sweep stores them, computed from the outputs of functions whose
// total Sobol' indices are known, with the noise of few design points. What moves, and how cases differ, is
// planted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "common/study/wcam_settings.h"

namespace wcam::planted {

// What corruption does to the true map of an image.
enum class Moves : std::uint8_t {
  kNothing,
  kDegree,    // all indices grow alike: interactions become stronger, no cell gains on another
  kKind,      // importance moves to coarser levels, and to other places of each
  kSeverity,  // the same, the more the stronger the corruption is, whether or not the label flips
  kFlip,      // the same, the more when the label flips, at every severity alike
};

// How the second case differs from the first on every image; kWithin: as kKind, but by 4.5 points of share at
// the most, and every second case.
enum class Differ : std::uint8_t { kNot, kDegree, kKind, kWithin };

struct Truth {
  Moves moves = Moves::kNothing;
  Differ cases_differ = Differ::kNot;
  int images = 40;
  int cases = 2;
  int replicates = 2;
  int grid = 8;
  int nb_design = 4;
  int corruptions = 2;  // of five severities each
  int altered = 3;      // explained of each image, each with a control; 0: sources alone are explained
  bool source_too =
      true;  // altered variants explained for the source's class too, not only the predicted one
  std::uint64_t seed = 1;
};

// Makes a sweep's folder of plan and segments. Labels flip more often at higher severities; each altered
// variant has a control of the nearest severity that is unaffected. Every image has its own places that
// matter and its own profile of levels, every case and variant deviates a little from it. All maps of one
// replicate have one design, as in a sweep (Monte Carlo here).
void write_sweep(const std::filesystem::path& folder, const Truth& truth);

// f(z) = product over cells of (1 + sqrt(v_i) z_i), z_i uniform with mean 0 and variance 1: partial variances
// are products of the v_i, so that with P the product of all (1 + v_i) the total index of cell i is v_i / (1
// + v_i) P / (P - 1). Small v: additive, and indices add up to 1; larger: interactions, and they add up to
// more.
std::vector<double> total_indices(const std::vector<double>& v);

// The outputs of f in the order of the format, for masks drawn from `design_seed`.
std::vector<float> outputs(const std::vector<double>& v, const WcamSettings& settings,
                           std::uint64_t design_seed);

}  // namespace wcam::planted
