#include "coordinator/transport/collector.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/base/utf8.h"
#include "common/wire/segment_transfer.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

// No reader looks at it, and no process's number is in it: it outlives both ends (format.md).
constexpr const char* kUnfinished = ".collected.partial";

fs::path unfinished(const fs::path& target) {
  return target.parent_path() / ("." + target.filename().string() + kUnfinished);
}

bool is_segment_name(const std::string& name) {
  constexpr std::size_t kEnding = 3;
  return name.size() > kEnding && name.size() <= 100 && name.ends_with(".h5") &&
         std::all_of(name.begin(), name.end() - kEnding,
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool makes_sense(const wire::Piece& piece) {
  return is_segment_name(piece.segment()) && is_sha256(piece.sha256()) && piece.size() > 0 &&
         piece.size() <= kMostSegmentBytes && piece.offset() <= piece.size() &&
         piece.data().size() <= std::min(kMostPieceBytes, piece.size() - piece.offset());
}

std::uint64_t size_of(const fs::path& file) {
  std::error_code missing;
  const auto size = fs::file_size(file, missing);
  return missing ? 0 : size;
}

void append(const fs::path& file, const std::string& data) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const bool opened = fd >= 0;
  const ssize_t written = opened ? ::write(fd, data.data(), data.size()) : -1;
  const int error = errno;
  if (opened) ::close(fd);
  if (written == std::ssize(data)) return;
  throw InputError("cannot write " + file.string() + ": " + std::strerror(written >= 0 ? ENOSPC : error));
}

}  // namespace

wire::Received Collector::take(const std::string& worker, const wire::Piece& piece) {
  wire::Received received;
  received.set_segment(piece.segment());
  try {
    if (makes_sense(piece))
      take_piece(worker, piece, received);
    else
      received.set_trouble(
          "this is no piece of a segment: its name, its SHA-256 or a size that is outside 1 to " +
          std::to_string(kMostSegmentBytes) + " bytes");
  } catch (const std::exception& e) {  // InputError, std::filesystem's
    received.set_trouble(made_utf8(e.what()));
  }
  return received;
}

void Collector::take_piece(const std::string& worker, const wire::Piece& piece, wire::Received& received) {
  const fs::path target = segments_ / piece.segment(), so_far = unfinished(target);
  if (fs::exists(target)) {  // what told so was lost, perhaps before the name was durable
    if (fs::file_size(target) != piece.size() || sha256_of_file(target) != piece.sha256())
      throw InputError("another segment has the name " + piece.segment());
    sync_folder_of(target);
    return received.set_stored(true);
  }
  begin(worker, piece.segment());
  if (!piece.data().empty() && piece.offset() == size_of(so_far)) append(so_far, piece.data());
  if (size_of(so_far) < piece.size()) return received.set_have(size_of(so_far));
  if (const std::string found = sha256_of_file(so_far); found != piece.sha256()) {
    spdlog::warn("segment {} of worker {} has SHA-256 {}, it should be {}: sent again", piece.segment(),
                 worker, found, piece.sha256());
    fs::remove(so_far);
    return;
  }
  put_in_place(so_far, target);
  under_way_.erase(worker);
  received.set_stored(true);
}

// What the worker had under way before it will not go on with. After a restart nobody is known.
void Collector::begin(const std::string& worker, const std::string& segment) {
  for (const auto& [other, theirs] : under_way_)
    if (theirs == segment && other != worker) throw InputError("another worker sends a segment of this name");
  if (const auto mine = under_way_.find(worker); mine != under_way_.end() && mine->second != segment)
    forget(worker);
  under_way_[worker] = segment;
}

void Collector::forget(const std::string& worker) {
  const auto mine = under_way_.find(worker);
  if (mine == under_way_.end()) return;
  std::error_code ignored;
  fs::remove(unfinished(segments_ / mine->second), ignored);
  under_way_.erase(mine);
}

void Collector::remove_unfinished() const {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(segments_, ignored))
    if (entry.path().filename().string().ends_with(kUnfinished)) fs::remove(entry.path(), ignored);
}

}  // namespace wcam
