// One WCAM of any store, as a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/study/label_kinds.h"
#include "plotting/figure.h"

namespace wcam {

// Which of several profiles: by its row, or by names that leave one. A name is whole or what follows a '/':
// "b.png" of "a/b.png", "jpeg/5" of "corruptions/jpeg/5". Of several labels and replicates that then are
// left in a sweep, the label predicted, or else the next, and the first replicate.
struct WcamChoice {
  std::optional<std::uint64_t> row{};  // as h5py counts them in the file
  std::optional<std::string> image{}, variant{}, case_name{};
  std::optional<LabelKind> label{};
  std::optional<std::uint32_t> replicate{};
};

struct WcamRequest {
  std::filesystem::path store;       // a sweep directory, or a file
  WcamChoice choice;                 // needed when there are several
  std::filesystem::path out;         // the figure
  std::vector<std::string> classes;  // names; empty: those of the plan, where the store has one, else numbers
  DrawOptions draw;
};

// Draws one WCAM beside its image, and on paper OUT with the ending .caption.txt. Throws
// InputError: a store that holds none, a disk that cannot be written; UsageError: several to choose from, or
// none that fits, naming those that are there.
void draw_wcam_file(const WcamRequest& request);

}  // namespace wcam
