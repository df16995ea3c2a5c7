// Segments of workers that do not share the sweep's file system: they come piece by piece (wire.proto,
// Piece), and are under their name once they are whole, right and durable. What has arrived survives a
// restart of either side.
#pragma once

#include <wire.pb.h>

#include <filesystem>
#include <map>
#include <string>

namespace wcam {

// One owner thread.
class Collector {
 public:
  // segments: the sweep's folder of segments.
  explicit Collector(std::filesystem::path segments) : segments_(std::move(segments)) {}

  // Writes the piece to disk; after the last one the segment has its name, and is durable if the answer says
  // `stored`. A piece that makes no sense changes nothing. A worker has one segment under way at a time, and
  // nobody else adds to it.
  wire::Received take(const std::string& worker, const wire::Piece& piece);

  // The worker has left: nobody will finish what it had under way.
  void forget(const std::string& worker);

  // The sweep is finished: removes what any worker had under way.
  void remove_unfinished() const;

 private:
  void take_piece(const std::string& worker, const wire::Piece& piece, wire::Received& received);
  void begin(const std::string& worker, const std::string& segment);

  std::filesystem::path segments_;
  std::map<std::string, std::string> under_way_;  // by worker: its segment
};

}  // namespace wcam
