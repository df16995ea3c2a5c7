#include "worker/wcam/sufficient.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "common/study/estimator.h"
#include "common/study/forward_plan.h"
#include "worker/wcam/haar.h"
#include "worker/wcam/reconstruction.h"

namespace wcam {
namespace {

constexpr int kSide = 64, kGrid = 8;
constexpr std::int64_t kLabel = 2;
using Cells = std::set<int>;

WcamSettings settings() {
  WcamSettings s;
  s.grid = kGrid;
  s.levels = 2;
  s.mode = Mode::kCorrected;
  return s;
}

// Of a picture that has coefficients in every cell.
RgbImage rough_image() {
  RgbImage image = blank_image(kSide, kSide);
  for (int r = 0; r < kSide; ++r)
    for (int c = 0; c < 3 * kSide; ++c)
      image.row(r)[c] = static_cast<std::uint8_t>((r * r * 31 + c * c * 17 + r * c * 7 + c) % 251);
  return image;
}

// Cells in which a picture [3, S, S] has a coefficient that is no rounding.
Cells cells_in(const at::Tensor& picture) {
  const at::Tensor coefficients = haar_forward(picture.contiguous(), 2).abs().amax(0);
  constexpr std::int64_t kPixels = kSide / kGrid;
  Cells found;
  for (int cell = 0; cell < kGrid * kGrid; ++cell)
    if (coefficients.narrow(0, cell / kGrid * kPixels, kPixels)
            .narrow(1, cell % kGrid * kPixels, kPixels)
            .max()
            .item<float>() > 1e-3F)
      found.insert(cell);
  return found;
}

// Gives kLabel where the rule holds of the cells that are left in a picture, else another class. Notes what
// it was shown.
struct KnownClassifier {
  std::function<bool(const Cells&)> rule;
  std::vector<Cells> shown{};
  std::vector<std::int64_t> batches{};

  Classifier classifier() {
    return {[this](const at::Tensor& batch) {
              batches.push_back(batch.size(0));
              at::Tensor logits = at::zeros({batch.size(0), 4});
              for (std::int64_t i = 0; i < batch.size(0); ++i) {
                shown.push_back(cells_in(batch[i]));
                logits[i][rule(shown.back()) ? kLabel : 3] = 1;
              }
              return logits;
            },
            {0, 0, 0},
            {1, 1, 1}};
  }
};

// Largest first: 63, 62, ..., but the cells of the last row are worth the same.
std::vector<float> rising_indices() {
  std::vector<float> indices(kGrid * kGrid);
  std::iota(indices.begin(), indices.end(), -10.0F);  // some are below 0, as estimates are
  std::fill(indices.end() - kGrid, indices.end(), 100.0F);
  return indices;
}

SufficientCells found_by(std::function<bool(const Cells&)> rule, int batch_size = 16) {
  KnownClassifier known{std::move(rule)};
  return sufficient_cells(known.classifier(), rough_image(), kLabel, rising_indices(), settings(),
                          batch_size);
}

bool has_any(const Cells&) { return true; }

TEST(SufficientCells, ShowsTheMostImportantCellsAndNothingElse) {
  KnownClassifier known{has_any};
  const SufficientCells found =
      sufficient_cells(known.classifier(), rough_image(), kLabel, rising_indices(), settings(), 7);
  EXPECT_EQ(found, (SufficientCells{1, 1}));
  // Of equal indices, those of the last row, the first; then the others from the last on.
  std::vector<int> order;
  for (int cell = 56; cell < 64; ++cell) order.push_back(cell);
  for (int cell = 55; cell >= 0; --cell) order.push_back(cell);
  const std::vector<int> ladder = sufficient_ladder(64);
  ASSERT_GE(known.shown.size(), ladder.size());
  for (std::size_t i = 0; i < ladder.size(); ++i)
    EXPECT_EQ(known.shown[i], Cells(order.begin(), order.begin() + ladder[i])) << ladder[i];
  EXPECT_EQ(known.batches, std::vector<std::int64_t>((ladder.size() + 6) / 7, 7)) << "whole batches";
}

TEST(SufficientCells, IsTheFirstNumberOfTheLadderThatGivesTheClass) {
  const auto at_least = [](std::size_t n) { return [n](const Cells& cells) { return cells.size() >= n; }; };
  const std::vector<std::pair<std::size_t, int>> table{{1, 1},   {7, 7},   {10, 10},
                                                       {12, 13}, {22, 24}, {64, 64}};
  for (const auto& [needed, found] : table)
    for (const int batch_size : {1, 5, 64})
      EXPECT_EQ(found_by(at_least(needed), batch_size), (SufficientCells{found, found})) << needed;
}

TEST(SufficientCells, OneCellThatDecidesIsFoundAtItsPlace) {
  // The 9th largest is cell 55, the 21st is 43, the last is 0.
  const auto has = [](int cell) { return [cell](const Cells& cells) { return cells.contains(cell); }; };
  EXPECT_EQ(found_by(has(56)), (SufficientCells{1, 1}));
  EXPECT_EQ(found_by(has(55)), (SufficientCells{9, 9}));
  EXPECT_EQ(found_by(has(43)), (SufficientCells{21, 21}));
  EXPECT_EQ(found_by(has(0)), (SufficientCells{64, 64}));
}

TEST(SufficientCells, AClassThatIsLostAgainStaysFromLaterOn) {
  EXPECT_EQ(found_by([](const Cells& cells) {
              return cells.contains(58) && cells.size() != 5 && cells.size() != 8;
            }),
            (SufficientCells{3, 9}));
  EXPECT_EQ(found_by([](const Cells& cells) { return cells.size() < 20; }),
            (SufficientCells{1, std::nullopt}))
      << "all cells do not give it";
}

TEST(SufficientCells, AClassThatNothingGivesIsNeverReached) {
  EXPECT_EQ(found_by([](const Cells&) { return false; }), SufficientCells{});
}

TEST(SufficientCells, AnApproximationThatIsKeptOrDroppedIsNotCounted) {
  // Of 8 x 8 cells 2 x 2 are the approximation's.
  WcamSettings s = settings();
  const Cells of_approximation{0, 1, 8, 9};
  for (const Approximation approximation : {Approximation::kKeep, Approximation::kDrop}) {
    s.approximation = approximation;
    KnownClassifier known{[](const Cells&) { return false; }};
    sufficient_cells(known.classifier(), rough_image(), kLabel, rising_indices(), s, 64);
    const std::vector<int> ladder = sufficient_ladder(60);
    for (std::size_t i = 0; i < ladder.size(); ++i) {
      std::size_t approximate = 0;
      for (const int cell : of_approximation) approximate += known.shown[i].contains(cell) ? 1 : 0;
      EXPECT_EQ(approximate, approximation == Approximation::kKeep ? 4 : 0);
      EXPECT_EQ(known.shown[i].size() - approximate, static_cast<std::size_t>(ladder[i]));
    }
  }
}

// In mode reference the classifier is shown 8-bit pixels, from 0 to 255 whatever is left.
TEST(SufficientCells, InModeReferencePicturesAreStretched) {
  WcamSettings s = settings();
  s.mode = Mode::kReference;
  int shown = 0;
  const Classifier classifier{[&](const at::Tensor& batch) {
                                for (; shown < batch.size(0); ++shown) {
                                  EXPECT_EQ(batch[shown].min().item<float>(), 0) << shown;
                                  EXPECT_NEAR(batch[shown].max().item<float>(), 1, 1.01 / 255) << shown;
                                }
                                return at::zeros({batch.size(0), 4});
                              },
                              {0, 0, 0},
                              {1, 1, 1}};
  const auto all = static_cast<int>(sufficient_ladder(64).size());
  sufficient_cells(classifier, rough_image(), kLabel, rising_indices(), s, all);
  EXPECT_EQ(shown, all);
}

TEST(SufficientCells, LogitsThatAreNotFiniteGiveNoClass) {
  KnownClassifier known{has_any};
  const Classifier sound = known.classifier();
  const Classifier broken{[&](const at::Tensor& batch) {
                            at::Tensor logits = sound.forward(batch);
                            logits[3][1] = std::numeric_limits<float>::quiet_NaN();
                            return logits;
                          },
                          sound.mean, sound.std};
  const std::vector<int> ladder = sufficient_ladder(64);
  std::size_t last = 3;  // of each batch of 16, the fourth
  while (last + 16 < ladder.size()) last += 16;
  const SufficientCells found =
      sufficient_cells(broken, rough_image(), kLabel, rising_indices(), settings(), 16);
  EXPECT_EQ(found.fewest, 1);
  EXPECT_EQ(found.stay, ladder.at(last + 1));
}

}  // namespace
}  // namespace wcam
