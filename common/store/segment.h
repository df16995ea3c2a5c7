// Segments: small HDF5 files of finished results, each written whole and never changed. Layout: format.md.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "common/store/records.h"

namespace wcam {

// What every row of one file shares: the trailing dimensions of its columns and what it belongs to.
struct StoreHeader {
  std::string sweep_id;  // 64 hex digits; empty for a WCAM made outside a sweep
  int grid = 0, levels = 0;
};

// Writes rows under a temporary name, fsyncs, renames to `target`, fsyncs the folder: either the whole file
// is there and durable when this returns, or nothing is and InputError says why (disk full, read-only, ...).
// Memory: twice the rows. Rows of one kind agree in the lengths of their vectors, else std::invalid_argument
// naming row and column. In a sweep, the rows of one predict job go into one segment, and a segment's name is
// never used again. `plan_json` is stored when not empty (results.h5 only).
void write_store(const std::filesystem::path& target, const StoreHeader& header,
                 std::span<const ProfileRow> profiles, std::span<const PredictionRow> predictions,
                 std::span<const ImageRow> images, const std::string& plan_json = "");

// The content of such a file, to be stored elsewhere. `name` is for errors only.
std::string store_bytes(const std::string& name, const StoreHeader& header,
                        std::span<const ProfileRow> profiles, std::span<const PredictionRow> predictions,
                        std::span<const ImageRow> images, const std::string& plan_json = "");

}  // namespace wcam
