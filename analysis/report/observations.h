// What a report needs of a sweep's results, small enough to be held at once: labels of every prediction, and
// of every WCAM its shares, how uncertain it is, and how far it is from its source's. Maps are gone once
// compared.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "analysis/maps/comparison.h"
#include "analysis/maps/level_shares.h"
#include "analysis/tables/study.h"
#include "common/store/records.h"
#include "common/study/perturbation.h"
#include "common/study/plan.h"

namespace wcam {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Of each of kMeasures a distance, 0 for maps that are alike: 1 - s of a similarity s. kUnknown where the
// measure is undefined.
inline constexpr std::size_t kMeasureCount = std::size(kMeasures);
using Distances = std::array<double, kMeasureCount>;

struct Prediction {
  std::uint32_t image = 0;  // into Observations::images, as everywhere
  std::uint16_t case_index = 0, variant = 0;
  bool flipped = false;  // another label than the source's
  bool wrong = false,
       beyond = false;  // where the true label is known: not the label; not among the five largest
};

// One (image, variant, case, class), all its replicates.
struct ExplainedMap {
  std::uint32_t image = 0;
  std::uint16_t case_index = 0, variant = 0;
  Role role{};
  LabelKinds explained;
  // [levels + 1] of each of two or more independent maps: of the replicates; where there is one design, of
  // the halves of its points, in pairs. Empty: a design that cannot be halved.
  std::vector<std::vector<double>> independent_shares;
  std::vector<double> shares;  // [levels + 1] mean over replicates
  ShareBounds bounds;          // the same, however straddling cells are split; of sources only
  Distances floor{};           // between two independent ones
  int replicates = 0;
  int above_one = 0;                            // so many of the replicates have an index above 1
  int doubtful = 0;                             // and so many some mark of wcam_doubts()
  std::map<std::string, int> doubts;            // how many have which
  double sum = 0;                               // of the indices; mean over replicates, as what follows
  double largest_index = 0, largest_error = 0;  // of the standard errors
};

// A variant's map against that of its image's source, by the same case for the same kind of label.
struct Shift {
  std::uint32_t image = 0;
  std::uint16_t case_index = 0, variant = 0;
  LabelKind kind{};
  Role role{};
  int control_of = -1;  // the altered variant whose control this is; -1: of none
  double severity_difference = kUnknown;
  // Between maps of different designs, as the floors are: with one and the same map on both sides they would
  // be equal on average. Both floors belong to it, the source's and the variant's.
  Distances distance{}, source_floor{}, variant_floor{};
  std::vector<double> share_change;  // [levels + 1] variant - source
  double log2_size = kUnknown;       // of the ratio of the summed indices, variant to source
};

// Which maps are independent of each other, so that their distance is noise.
enum class NoiseFrom : std::uint8_t { kReplicates, kHalves, kNothing };

struct Observations {
  Plan plan;
  std::size_t sweeps = 1;  // that the study is made of
  Overlap overlap;         // of these
  // That were predicted or explained, by SHA-256: their order decides what is drawn in a resample, and is the
  // same however files and sweeps lie.
  std::vector<std::string> images;
  std::vector<Variant> variants;  // 0: the source; names as the plan has them
  NoiseFrom noise{};
  bool labels_known = false;  // of every image
  bool five_known = false;    // of every prediction
  std::vector<Prediction> predictions;
  std::vector<ExplainedMap> maps;
  std::vector<Shift> shifts;
  std::size_t explained_images = 0, profiles = 0;

  std::size_t cases() const { return plan.cases.size(); }
  const std::string& case_name(std::size_t c) const { return plan.cases[c].name; }
  std::size_t shares() const { return static_cast<std::size_t>(plan.wcam.levels) + 1; }
};

// Reads every array once, the maps of one image and case at a time, and compares on as many threads as there
// are processors. Some 500 bytes stay of a profile and 16 of a prediction. Throws InputError: no plan is
// stored, outputs that are not as many as its settings make.
Observations observe(const Study& study);

}  // namespace wcam
