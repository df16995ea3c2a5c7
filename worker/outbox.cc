#include "worker/outbox.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

namespace wcam {

namespace {

constexpr std::size_t kResultsPerSegment = 64;
constexpr std::chrono::seconds kPredictionPatience{2};

std::string unique_prefix() {
  std::random_device device;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", device(), device());
  return text.data();
}

}  // namespace

Outbox::Outbox(std::filesystem::path segments, StoreHeader header, std::chrono::seconds patience)
    : segments_(std::move(segments)),
      header_(std::move(header)),
      patience_(patience),
      prefix_(unique_prefix()) {}

void Outbox::add(JobResult result, Clock::time_point now) {
  if (outcomes_.empty()) oldest_ = now;
  outcomes_.push_back(std::move(result.outcome));
  for (auto& row : result.predictions) predictions_.push_back(std::move(row));
  if (result.profile) profiles_.push_back(std::move(*result.profile));
  if (result.image && stored_images_.emplace(result.image->image, result.image->variant).second)
    images_.push_back(std::move(*result.image));
}

bool Outbox::due(Clock::time_point now, bool idle) const {
  if (outcomes_.empty()) return false;
  return idle || outcomes_.size() >= kResultsPerSegment || outcomes_.back().has_failure() ||
         now - oldest_ >= (predictions_.empty() ? patience_ : std::min(patience_, kPredictionPatience));
}

std::vector<wire::Outcome> Outbox::store() {
  if (!profiles_.empty() || !predictions_.empty()) {
    std::array<char, 16> number{};
    std::snprintf(number.data(), number.size(), "-%06d.h5", written_ + 1);
    const std::string name = prefix_ + number.data();
    write_store(segments_ / name, header_, profiles_, predictions_, images_);
    ++written_;
    for (auto& outcome : outcomes_)
      if (!outcome.has_failure()) outcome.set_segment(name);
  }
  profiles_.clear();
  predictions_.clear();
  images_.clear();
  return std::exchange(outcomes_, {});
}

}  // namespace wcam
