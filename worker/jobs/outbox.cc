#include "worker/jobs/outbox.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "common/base/sha256.h"

namespace wcam {

namespace {

constexpr std::size_t kResultsPerSegment = 64;
constexpr std::chrono::seconds kShortPatience{2};

}  // namespace

Outbox::Outbox(std::filesystem::path segments, StoreHeader header, std::chrono::seconds patience)
    : segments_(std::move(segments)),
      header_(std::move(header)),
      patience_(patience),
      prefix_(random_name().substr(0, 16)) {}

void Outbox::add(JobResult result, Clock::time_point now) {
  if (outcomes_.empty()) oldest_ = now;
  if (!first_) first_ = now;
  outcomes_.push_back(std::move(result.outcome));
  for (auto& row : result.predictions) predictions_.push_back(std::move(row));
  if (result.profile) profiles_.push_back(std::move(*result.profile));
  if (result.image && stored_images_.emplace(result.image->image, result.image->variant).second)
    images_.push_back(std::move(*result.image));
}

bool Outbox::due(Clock::time_point now, bool idle, Clock::duration next_job) const {
  if (outcomes_.empty()) return false;
  Clock::duration patience = std::max<Clock::duration>(kShortPatience, (now - *first_) / 4);
  if (!predictions_.empty()) patience = kShortPatience;
  return idle || outcomes_.size() >= kResultsPerSegment || outcomes_.back().has_failure() ||
         now + next_job - oldest_ >= std::min<Clock::duration>(patience_, patience);
}

std::string Outbox::next_segment() const {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "-%06d.h5", written_ + 1);
  return prefix_ + number.data();
}

std::vector<wire::Outcome> Outbox::store() {
  if (nothing_to_store()) return take_out("");
  const std::string segment = next_segment();
  write_store(segments_ / segment, header_, profiles_, predictions_, images_);
  return take_out(segment);
}

SegmentTransfer Outbox::pack() {
  if (nothing_to_store()) return {"", "", "", take_out("")};
  const std::string segment = next_segment();
  std::string bytes = store_bytes(segment, header_, profiles_, predictions_, images_);
  std::string sha256 = sha256_of(bytes);
  return {segment, std::move(bytes), std::move(sha256), take_out(segment)};
}

std::vector<wire::Outcome> Outbox::take_out(const std::string& segment) {
  if (!segment.empty()) ++written_;
  for (auto& outcome : outcomes_)
    if (!outcome.has_failure()) outcome.set_segment(segment);
  profiles_.clear();
  predictions_.clear();
  images_.clear();
  return std::exchange(outcomes_, {});
}

}  // namespace wcam
