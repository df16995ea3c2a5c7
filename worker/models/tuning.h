// In which form (common/study/forward_form.h) a network is fastest here: measured, and kept for who asks
// next.
#pragma once

#include <string>
#include <vector>

#include "common/study/case_spec.h"
#include "common/study/forward_form.h"

namespace wcam {

struct FormTime {
  ForwardForm form;
  double image_seconds = 0;  // of a forward over its images, the median; of one thread its own time
};

struct Tuning {
  std::vector<FormTime> times;  // the default's first
  std::vector<std::string>
      left_out;  // what was not measured, and why: "plain 32, plain 64: there is no time"

  // The fastest that is allowed. Of those that are within kNoGain of it the default, or a plain one, or that
  // with the fewest images: bits and memory are not changed for noise. Where nothing allowed was measured,
  // wanted.or_default().
  ForwardForm best(const WantedForm& wanted = {}) const;
  // How many times as fast as the default it is; 1 where it was not measured.
  double gain(const ForwardForm& form) const;
};
inline constexpr double kNoGain = 1.05;

// Batches of 1 to 64 images, plain and optimised (each tried against the plain network first), in turns; what
// is clearly slower is not repeated, what would not fit this worker's share of free memory is left out. Ends
// within about 20 s, unless one batch of eight takes longer. Threads: prepare_torch()'s. Throws what
// Model::load() throws.
Tuning tune(const CaseSpec& spec, const std::string& device);

// What tune() found on this host and device, with these libraries, threads and this network, or finds now.
// Kept in $XDG_CACHE_HOME/wcam/forms (~/.cache/wcam/forms). One process of a user on a host measures at a
// time. anew: measured in any case.
struct KnownTuning {
  Tuning tuning;
  bool measured_now = false;
  std::string not_kept;  // why; empty when it is
};
KnownTuning known_tuning(const CaseSpec& spec, const std::string& device, bool anew = false);

// For a user's wish: what is open in it by known_tuning(). why: a sentence for the log.
struct ChosenForm {
  ForwardForm form;
  std::string why;
};
ChosenForm choose_form(const CaseSpec& spec, const std::string& device, const WantedForm& wanted);

// As kept.
std::string to_json_text(const Tuning& tuning);
// Throws nlohmann::json::exception or InputError when it is none.
Tuning tuning_from_json_text(const std::string& text);

}  // namespace wcam
