// The figures of a sweep, as files: reads stored results, and neither images nor models.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plotting/figure.h"

namespace wcam {

struct FigureRequest {
  std::filesystem::path sweep;      // a sweep directory, or a results.h5
  std::filesystem::path out;        // figures go to OUT/figure-4, OUT/figure-5
  std::vector<Format> formats;      // one file each
  std::vector<std::string> images;  // ranks in the sample, or names; empty: all that have a profile
  std::vector<std::string> cases;   // empty: all of the plan, in its order
  DrawOptions draw;                 // its format is not looked at
};

// Called with each file once it is there.
using OnWritten = std::function<void(const std::filesystem::path&)>;

// Draws OUT/figure-4/{perturbation}_{case}_{rank}.{format}, for each image and case with at least one
// profile. How many WCAMs in them have doubts, and a mark. Throws InputError: a sweep without plan or
// profiles, a disk that cannot be written; UsageError: an image or a case that is not there, naming those
// that are.
std::size_t draw_figure4_files(const FigureRequest& request, const OnWritten& on_written);

// Draws OUT/figure-5/robust_training_{perturbation}_{rank}.{format}, for each image. As the above.
std::size_t draw_figure5_files(const FigureRequest& request, const OnWritten& on_written);

// Which of several profiles: by its row, or by names that leave one. A name is whole or what follows a '/':
// "b.png" of "a/b.png", "jpeg/5" of "corruptions/jpeg/5".
struct WcamChoice {
  std::optional<std::uint64_t> row{};  // as h5py counts them in the file
  std::optional<std::string> image{}, variant{}, case_name{};
};

struct WcamRequest {
  std::filesystem::path store;       // a sweep directory, or a file
  WcamChoice choice;                 // needed when there are several
  std::filesystem::path out;         // the figure
  std::vector<std::string> classes;  // names; empty: those of the plan, where the store has one, else numbers
  DrawOptions draw;
};

// Draws one WCAM beside its image. Throws like the others.
void draw_wcam_file(const WcamRequest& request);

}  // namespace wcam
