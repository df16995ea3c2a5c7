// What a sweep stores, row by row. How it lies in HDF5 is in format.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/study/label_kinds.h"

namespace wcam {

// Why selection chose a variant: decides its place in the figures.
enum class Role : std::uint8_t { kSource = 0, kAltered = 1, kUnaffected = 2 };
std::string to_string(Role role);
Role parse_role(const std::string& text);  // throws InputError
// What a WCAM of this role explains in files written before `explained` was stored: what is predicted, which
// is the source's label too where the variant is not affected.
LabelKinds published_labels(Role role);

// In place of a number of cells.
inline constexpr std::int64_t kNeverSufficient = -1;

// The outcome of one explain job. g = grid, L = levels.
struct ProfileRow {
  JobId job{};
  Attempt attempt{};
  std::string image;         // PlannedImage::path
  std::string perturbation;  // family
  std::string variant;       // "source" or a variant of the plan
  std::string case_name;
  Role role{};
  std::uint32_t rank = 0;        // of the image in the sample, from 0
  std::uint32_t role_index = 0;  // coordinator/queue/selection.h
  std::int64_t label = 0;        // class explained
  LabelKinds explained{};        // all that it is; empty in files written before it was stored
  std::uint32_t replicate = 0;   // of the design: WcamSettings::design_seed + replicate is its seed
  std::string control_of = {};   // the altered variant whose control this is; empty: of none
  // To that one's severity; NaN where there are none; means nothing of no control.
  float severity_difference = 0;
  float logit = 0;                    // of that class on the unmasked image
  std::vector<float> wcam;            // [g*g] indices, row-major, NaN nowhere
  std::vector<float> standard_error;  // [g*g] Indices::standard_errors (common/study/indices.h)
  std::vector<float> outputs;         // logits, and of gradients more, in design order (format.md)
  std::vector<float> level_share;     // [L+1] share of the summed indices: approximation, then coarse to fine
  std::vector<float> level_contributions;  // [L+1] published definition (worker/wcam/summary.h)
  std::vector<float> spectral_profile;     // [3L+1] or, published, [3L-2] (worker/wcam/summary.h)
  float robustness_margin = 0;
  float spatial_spread = 0;
  // Most important cells that give `label`, and from which number on more do too (worker/wcam/sufficient.h);
  // kNeverSufficient: none do; 0: not asked.
  std::int64_t sufficient_cells = 0;
  std::int64_t sufficient_cells_stay = 0;
  float forward_equivalents = 0;  // a backward counts as two
  std::uint32_t batch_size = 0;   // images put through the network at once
  std::string form;               // of the network: form_name() (common/study/forward_form.h)
  double seconds = 0;             // computing only
  std::string device;             // "cpu", "cuda:0"
  std::string provenance;         // what computed it and with which libraries (worker/models/device.h)
  std::string estimator;          // "jansen-total"
  std::string doubts;             // marks of wcam_doubts(), "an index above 1, no standard error"

  bool operator==(const ProfileRow&) const = default;
};

inline constexpr std::size_t kTopClasses = 5;

// One (image, variant, case) of a predict job; the source has a row of its own.
struct PredictionRow {
  JobId job{};
  Attempt attempt{};
  std::string image, perturbation, variant, case_name;
  std::int64_t label = 0;  // arg max of the logits
  float logit = 0;         // of that label
  float probability = 0;   // soft-max at that label
  // Classes of the largest logits, largest first, and soft-max there; -1 and NaN beyond the
  // number of classes. Probabilities of 0: not stored, in files written before they were.
  std::array<std::int64_t, kTopClasses> top_labels{-1, -1, -1, -1, -1};
  std::array<float, kTopClasses> top_probabilities{};
  std::string provenance;  // as above

  bool operator==(const PredictionRow&) const = default;
};

// Pixels that were explained: RGB, rows first, size x size x 3 bytes.
struct ImageRow {
  std::string image, variant;
  int size = 0;
  std::vector<std::uint8_t> pixels;
  std::string caution = {};  // what makes them doubtful: nearly black, enlarged; empty: nothing

  bool operator==(const ImageRow&) const = default;
};

}  // namespace wcam
