#include "worker/commands/explain_report.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "common/base/elapsed.h"
#include "common/base/printable.h"
#include "common/study/case_spec.h"
#include "common/study/wcam_doubts.h"
#include "common/study/wcam_options.h"

namespace wcam {

namespace {

constexpr std::chrono::milliseconds kRedrawEvery{200};

// "tiger cat (282)", or "282" without names.
std::string named(const std::vector<std::string>& classes, std::int64_t label) {
  const std::string name = class_name(classes, label), number = std::to_string(label);
  return name == number ? number : printable(name) + " (" + number + ")";
}

std::string sufficient_text(const ProfileRow& row) {
  const std::int64_t fewest = row.sufficient_cells, stay = row.sufficient_cells_stay;
  if (fewest == kNeverSufficient) return "no number of the most important cells gives this class";
  const std::string text =
      fmt::format("the {} most important of {} cells give this class", fewest, row.wcam.size());
  if (stay == kNeverSufficient) return text + ", all of them do not";
  return stay > fewest ? text + fmt::format(", and so do all larger numbers from {} on", stay) : text;
}

}  // namespace

ExplainProgress::ExplainProgress(std::string image, std::int64_t batches)
    : image_(printable(image)), batches_(batches), on_terminal_(::isatty(STDERR_FILENO) != 0) {}

ExplainProgress::~ExplainProgress() {
  if (drawn_) std::fprintf(stderr, "\r\x1b[K");
}

void ExplainProgress::step() {
  ++done_;
  if (!on_terminal_ || Clock::now() < next_) return;
  next_ = Clock::now() + kRedrawEvery;
  drawn_ = true;
  const double share = static_cast<double>(done_) / static_cast<double>(batches_);
  const double left = seconds_since(begun_) * (1 - share) / share;
  std::fprintf(stderr, "\r%s: %.0f %%, %.0f s left\x1b[K", image_.c_str(), 100 * share, left);
  std::fflush(stderr);
}

void print_explanation(const ProfileRow& row, const std::vector<Prediction>& largest,
                       const std::vector<std::string>& classes) {
  std::size_t width = 0;
  for (const Prediction& one : largest) width = std::max(width, named(classes, one.label).size());
  for (std::size_t i = 0; i < largest.size(); ++i)
    std::printf("%-12s%-*s  %.3f\n", i == 0 ? "predicted" : "", static_cast<int>(width),
                named(classes, largest[i].label).c_str(), largest[i].probability);
  std::printf("explained   %s, logit %.4f\n", named(classes, row.label).c_str(), row.logit);
  std::printf("estimator   %s, %.0f forwards in %.1f s on %s\n", row.estimator.c_str(),
              row.forward_equivalents, row.seconds, row.device.c_str());
  std::printf("share of the indices: approximation %.3f", row.level_share.front());
  for (std::size_t i = 1; i < row.level_share.size(); ++i)
    std::printf(", level %zu %.3f", row.level_share.size() - i, row.level_share[i]);
  std::printf(" (level 1 is the finest)\n");
  const auto highest = std::max_element(row.wcam.begin(), row.wcam.end());
  const float error = row.standard_error[static_cast<std::size_t>(highest - row.wcam.begin())];
  if (is_from_gradients(row.estimator) && *highest > 0)
    std::printf("largest index %.3f, within one standard error times or divided by %.2f\n", *highest,
                std::exp(error / *highest));
  else
    std::printf("largest index %.3f, its standard error %s\n", *highest,
                std::isfinite(error) ? fmt::format("{:.3f}", error).c_str() : "unknown");
  if (row.sufficient_cells != 0) std::printf("sufficient  %s\n", sufficient_text(row).c_str());
  for (const WcamDoubt& doubt :
       wcam_doubts(row.wcam, row.standard_error, row.level_share, is_from_gradients(row.estimator)))
    std::printf("caution: %s\n", doubt.sentence.c_str());
}

}  // namespace wcam
