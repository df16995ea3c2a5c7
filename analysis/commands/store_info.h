// What a file of results or a sweep is, and what would be needed to make it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/store/results.h"

namespace wcam {

struct StoreInfo {
  std::filesystem::path path;
  std::vector<std::filesystem::path> files;       // that were read
  std::map<std::string, std::size_t> written_by;  // how many of them which version wrote
  StoreHeader header;
  std::optional<Plan> plan;
  std::size_t profiles = 0, predictions = 0, stored_images = 0;
  std::map<std::string, std::size_t> roles, explained_by_case;  // of the profiles
  std::size_t explained_images = 0;
  // Rows by provenance, "" where it was not stored: profiles, predictions.
  std::map<std::string, std::pair<std::size_t, std::size_t>> provenances;
  std::map<std::string, std::size_t> devices;  // of the profiles
  double seconds = 0, median_seconds = 0;      // computing, of the profiles; 0 without any
  std::size_t doubtful = 0;                    // profiles
  std::map<std::string, std::size_t> doubts;   // how many have each
  // Profiles that were asked how many cells suffice, those of them of which some number does, and the median
  // of the fewest; 0 without any.
  std::size_t asked_sufficient = 0, found_sufficient = 0;
  double median_sufficient_cells = 0;
  struct Run {
    std::string began, ended;  // UTC; ended empty: not in order
    std::string host, version, command;
  };
  std::vector<Run> runs;                // of coordinators, the earliest first, as far as is known
  std::optional<std::int64_t> updated;  // Unix time at which a coordinator last left word in the sweep
};

// Reads all predictions once.
StoreInfo info_of(const std::filesystem::path& sweep_or_file);

// For people, some twenty lines; digests shortened.
std::string to_text(const StoreInfo& info);
// For scripts; its keys are StoreInfo's members, `plan` has numbers in
// place of the lists of images and class names.
std::string to_json_text(const StoreInfo& info);

}  // namespace wcam
