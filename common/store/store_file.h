// One file of the store, a segment or results.h5 (format.md): checked on opening, read and written by ranges
// of rows.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/store/columns.h"
#include "common/store/hdf5.h"
#include "common/store/segment.h"

namespace wcam::store {

inline constexpr const char* kFormatName = "wcam-store";
inline constexpr std::int64_t kFormatVersion = 1;

// A column as one file has it, or as a new file shall have it.
struct ColumnShape {
  std::string path;  // "profiles/wcam"
  h5::Type type;
  h5::Dims row;  // trailing dimensions
};

class StoreReader {
 public:
  // Throws InputError: not HDF5, cut short, another format or version, an attribute that is missing or out of
  // range.
  explicit StoreReader(const std::filesystem::path& path);

  const StoreHeader& header() const { return header_; }
  const std::string& path() const { return file_.path(); }
  // Of the program that wrote the file; empty when it does not say.
  std::string software_version() const;
  // The plan's JSON, and that of what served the sweep; empty when it holds none.
  std::string plan_text();
  std::string runs_text();
  // Names of the segments that were merged into this file; empty for a segment.
  std::vector<std::string> merged_segments();

  // 0 when the group is absent.
  template <class Row>
  std::uint64_t rows();

  // Fills the index columns of rows [first, first + out.size()), or the arrays.
  template <class Row>
  void read_index(std::uint64_t first, std::span<Row> out);
  template <class Row>
  void read_arrays(std::uint64_t first, std::span<Row> out);

  // Every column of a group that has rows, checked: one length, the trailing dimensions that the header
  // promises.
  template <class Row>
  std::vector<ColumnShape> shapes();
  // Reads every value of every column. Throws InputError naming a column whose values are not those written.
  void check_values();
  // Rows of one column as bytes of `type`; of one that the file lacks and may lack, empty texts.
  void read_bytes(const ColumnShape& column, std::uint64_t first, std::uint64_t count, std::string& out);
  bool has(const std::string& path) { return file_.has(path); }
  // For columns known to exist, such as "profiles/job".
  h5::Dataset& dataset(const std::string& path) { return file_.dataset(path); }

 private:
  template <class Row>
  void check_values_of();
  template <class Row>
  bool lacks(const char* column);
  template <class Row>
  h5::Dataset& checked(const char* column, Shape shape);
  template <class Row>
  void read_columns(std::uint64_t first, std::span<Row> out, bool arrays);

  h5::File file_;
  StoreHeader header_;
};

// Pixels compress to about half at 5 ms an image; floats to 86 % at 14 times the time, so they stay plain.
inline constexpr h5::Layout kPixelLayout{.chunk_rows = 1, .gzip = 4};

// Throws InputError naming the file unless it is of this sweep. ids: of the sweep and of what it was before
// it was extended (Plan::sweep_ids()).
void check_belongs(const StoreReader& file, const StoreHeader& sweep, std::span<const std::string> ids);

// Throws InputError naming the file unless it is of this sweep and all that it says can be read. O(file).
void check_sound(StoreReader& file, const StoreHeader& sweep, std::span<const std::string> ids);

// Format, versions and header as root attributes.
void write_attributes(h5::File& file, const StoreHeader& header);

inline constexpr const char* kPlan = "plan";
inline constexpr const char* kRuns = "runs";
inline constexpr const char* kSegments = "segments";

}  // namespace wcam::store
