#include "worker/wcam/sufficient.h"

#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <vector>

#include "common/study/forward_plan.h"
#include "common/study/indices.h"
#include "worker/wcam/reconstruction.h"

namespace wcam {

namespace {

// gives: of each k of the ladder, whether it gives the class.
SufficientCells found_on(const std::vector<int>& ladder, const std::vector<bool>& gives) {
  SufficientCells found;
  for (std::size_t i = ladder.size(); i > 0 && gives[i - 1]; --i) found.stay = ladder[i - 1];
  const auto first = std::find(gives.begin(), gives.end(), true);
  if (first != gives.end()) found.fewest = ladder[static_cast<std::size_t>(first - gives.begin())];
  return found;
}

}  // namespace

SufficientCells sufficient_cells(const Classifier& classifier, const RgbImage& image, std::int64_t label,
                                 std::span<const float> indices, const WcamSettings& settings,
                                 int batch_size) {
  const c10::InferenceMode inference;
  const std::vector<int> order = most_important_first(live_cells(settings, image.rows), indices);
  const std::vector<int> ladder = sufficient_ladder(static_cast<int>(order.size()));
  Reconstruction reconstruction(image_planes(image, settings.mode, classifier.mean, classifier.std), settings,
                                classifier.mean, classifier.std, classifier.device, batch_size);
  const auto cells = static_cast<std::size_t>(settings.cells()), batch = static_cast<std::size_t>(batch_size);
  std::vector<bool> gives;
  while (gives.size() < ladder.size()) {
    const std::size_t first = gives.size(), count = std::min(ladder.size() - first, batch);
    std::vector<float> masks(count * cells);
    for (std::size_t i = 0; i < count; ++i)
      for (int k = 0; k < ladder[first + i]; ++k)
        masks[i * cells + static_cast<std::size_t>(order[static_cast<std::size_t>(k)])] = 1;
    reconstruction.write(masks, 0);
    const at::Tensor logits = classifier.forward(reconstruction.batch()).cpu();
    const at::Tensor labels = logits.argmax(1), finite = logits.isfinite().all(1);
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = static_cast<std::int64_t>(i);
      gives.push_back(finite[row].item<bool>() && labels[row].item<std::int64_t>() == label);
    }
  }
  return found_on(ladder, gives);
}

}  // namespace wcam
