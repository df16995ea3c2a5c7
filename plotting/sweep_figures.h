// The figures of a sweep, as files: reads stored results, and neither images nor models.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "plotting/figure.h"
#include "plotting/sweep_reader.h"

namespace wcam {

struct FigureRequest {
  std::filesystem::path sweep;  // a sweep directory, or a results.h5
  std::filesystem::path out;    // figures go to OUT/KIND/
  std::vector<Format> formats;  // one file each, and on paper one .txt, the caption
  SweepChoice choice;
  DrawOptions draw;           // its format is not looked at
  unsigned threads = 1;       // that draw
  bool only_changed = false;  // files whose figure was made of the same before, as OUT/drawn.txt says, stay
};

// Called with each file once it is there, in one order however many threads there are.
using OnWritten = std::function<void(const std::filesystem::path&)>;

// A kind of figure, and its name, which is that of its folder.
//   figure-4    one an image and case with at least one profile: {perturbation}_{case}_{rank}_{image}
//   figure-5    one an image: robust_training_{perturbation}_{rank}_{image}
//   spatial     one an image: {perturbation}_{rank}_{image}
//   rebuilt     one an image and case: {perturbation}_{case}_{rank}_{image}
//   mean, difference   one: {perturbation}
// The image's name is cut to its last part without ending, in letters, digits, '-' and '_'; published figures
// have none. Behind stands what was chosen and is not in the name: some of the cases that a figure has side
// by side, of means and differences some of the images, a variant or role_index, a label, a replicate; so
// that no figure of a part takes the place of that of the whole.
enum class FigureKind { kFigure4, kFigure5, kSpatial, kRebuilt, kMean, kDifference };
inline constexpr FigureKind kFigureKinds[] = {FigureKind::kFigure4, FigureKind::kFigure5,
                                              FigureKind::kSpatial, FigureKind::kRebuilt,
                                              FigureKind::kMean,    FigureKind::kDifference};
std::string to_string(FigureKind kind);

struct DrawnFigures {
  // WCAMs with doubts in those that were read: shown with a mark; and as part of a mean, which has none.
  std::size_t doubtful = 0, doubtful_in_means = 0;
  std::size_t unchanged = 0;  // figures that stayed as they were
  // Of those that were drawn in the style of papers: higher than a page's text, and the highest.
  std::size_t too_high = 0;
  std::string highest;  // its path below OUT, without ending
  double highest_pt = 0;
};

// Draws them, one figure after another in memory, a few at a time with several threads. OUT/drawn.txt then
// has a line for each file, SHA-256 of what it was made of (program version and commit, plan, options, jobs
// and attempts of the results in it and what is said of them) and its path. Published figures are of
// replicate 0. Throws InputError: a disk that cannot be written, and as SweepReader does; UsageError:
// published, of kinds but figures 4 and 5.
DrawnFigures draw_sweep(const FigureRequest& request, const std::vector<FigureKind>& kinds,
                        const OnWritten& on_written);

// "cats_and_dogs" of "pets/cats and dogs.jpg": what of an image's name may stand in that of a file.
std::string safe_name(const std::string& image);

}  // namespace wcam
