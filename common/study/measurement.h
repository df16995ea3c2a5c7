// What `wcam-worker measure` tells `wcam-coordinator plan`: how fast one worker is at a plan's cases.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wcam {

struct CaseSpeed {
  std::string name;
  double load_seconds = 0;
  double image_seconds = 0;     // one image of a WCAM's batches: mask, reconstruction and forward
  double gradient_seconds = 0;  // with Estimator::kGradient, one point: these and the backward; else 0
  bool operator==(const CaseSpeed&) const = default;
};

struct Measurement {
  std::vector<CaseSpeed> cases;    // of the plan, in its order
  double variants_seconds = 0;     // to read one image and make all its variants
  double picture_bytes = 0;        // one picture of those in the store, compressed
  std::uint64_t memory_bytes = 0;  // resident at most, with one case loaded at a time
  bool operator==(const Measurement&) const = default;
};

std::string to_json_text(const Measurement& measurement);
// Reads what to_json_text() made. Throws InputError when it is something else.
Measurement measurement_from_json_text(const std::string& text);

}  // namespace wcam
