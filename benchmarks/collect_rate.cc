// How much can a coordinator collect from workers that share no file system with it?
//
//   collect_rate [FOLDER] [SEGMENTS]
//
// Segments of 64 profiles at the usual setting (1.2 MB of noise), in the pieces that a worker sends, taken
// one after the other as the coordinator's loop takes them: written, compared by SHA-256, made durable.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "common/base/elapsed.h"
#include "common/base/sha256.h"
#include "common/wire/segment_transfer.h"
#include "coordinator/transport/collector.h"

int main(int argc, char** argv) {
  using namespace wcam;
  const std::filesystem::path folder = argc > 1 ? argv[1] : "/tmp/collect_rate";
  const int segments = argc > 2 ? std::atoi(argv[2]) : 200;
  std::filesystem::create_directories(folder);
  std::string bytes(1'230'592, '\0');
  std::mt19937_64 dice(1);
  for (char& c : bytes) c = static_cast<char>(dice());
  const std::string sha256 = sha256_of(bytes);
  Collector collector(folder);
  const auto start = std::chrono::steady_clock::now();
  int stored = 0;
  for (int i = 0; i < segments; ++i)
    for (std::uint64_t offset = 0; offset < bytes.size(); offset += kPieceBytes) {
      wire::Piece piece;
      piece.set_segment("w-" + std::to_string(i) + ".h5");
      piece.set_size(bytes.size());
      piece.set_sha256(sha256);
      piece.set_offset(offset);
      piece.set_data(bytes.substr(offset, kPieceBytes));
      stored += collector.take("worker", piece).stored() ? 1 : 0;
    }
  const double seconds = seconds_since(start);
  std::filesystem::remove_all(folder);
  std::printf("%d of %d segments stored: %.1f ms each, %.0f MB/s\n", stored, segments,
              1e3 * seconds / segments, 1e-6 * segments * static_cast<double>(bytes.size()) / seconds);
  return stored == segments ? 0 : 1;
}
