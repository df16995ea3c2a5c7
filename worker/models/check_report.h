// What was found out about a case of models.json, in sentences and as JSON. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/study/case_spec.h"
#include "worker/models/check_models.h"

namespace wcam {

// Everything that was found out about one case.
struct CaseCheck {
  CaseSpec spec;
  std::string failure;  // why it cannot be used; then what follows may be missing
  std::int64_t classes = 0;
  std::uint64_t bytes = 0;  // of its weights
  double load_seconds = 0, image_seconds = 0;
  OutputKind outputs = OutputKind::kLogits;
  Spread on_pictures;
  std::optional<Spread> on_photographs;
  struct Tried {
    Normalisation normalisation;
    Hits hits;
  };
  std::vector<Tried> tried;  // the declared one first; empty without labelled photographs
  std::string not_checked;   // why `tried` is empty although photographs were given
  std::string misnamed;      // which of its class names is another class's; empty when none is
};

// What looks wrong, a sentence each, with the remedy.
std::vector<std::string> warnings(const CaseCheck& check);

// Why the photographs cannot tell whether the case is normalised as it was trained, though nothing looks
// wrong; empty when they can, and when there are none. They cannot when as many would be right by guessing,
// when another normalisation is right on a tenth more of them, or when so few are wrong that no normalisation
// could beat it by more than chance and yet it may, by its interval, be wrong on half of them.
std::string inconclusive(const CaseCheck& check);

std::string to_text(const CaseCheck& check);
// {"models": [...]}: shares 0 to 1, times in seconds.
std::string to_json_text(std::span<const CaseCheck> checks);

}  // namespace wcam
