// How a network is run. Its outputs are the same in every form but for rounding (docs/reproducibility.md).
#pragma once

#include <optional>
#include <string>

namespace wcam {

struct ForwardForm {
  // As torch::jit::optimize_for_inference() makes it, in place of the network frozen alone.
  bool optimised = false;
  // Images per forward. Eight: as fast as any on most CPUs, at half the memory of sixteen
  // (benchmarks/RESULTS.md).
  int batch_size = 8;

  friend bool operator==(const ForwardForm&, const ForwardForm&) = default;
};

inline constexpr int kLargestBatch = 1024;

// "plain" or "optimised".
std::string form_name(bool optimised);
// "optimised, 16 images a forward".
std::string to_string(const ForwardForm& form);

// What a user leaves open is measured (worker/models/tuning.h).
struct WantedForm {
  std::optional<bool> optimised;
  std::optional<int> batch_size;

  // With the defaults for what is open.
  ForwardForm or_default() const;
  bool allows(const ForwardForm& form) const;
  bool is_open() const { return !optimised || !batch_size; }
};

// Of --form (auto, plain, optimised) and --batch-size (auto, 1..1024). Throws UsageError naming option, value
// and what it may be.
WantedForm wanted_form(const std::string& form, const std::string& batch_size);

}  // namespace wcam
