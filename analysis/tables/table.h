// A table on its way into a file: named columns, and rows one after another.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace wcam {

// One value of a row. A map is row-major, of the column's shape; a text is UTF-8.
using Value = std::variant<bool, std::int64_t, std::uint64_t, float, double, std::string, std::vector<float>>;
// In the order of Value's types.
enum class ValueType : std::uint8_t { kBool, kInt64, kUint64, kFloat32, kFloat64, kText, kMap };

struct TableColumn {
  std::string name;
  ValueType type{};
  std::vector<std::size_t> shape = {};  // of a kMap
};

// Writes one file: whole and durable under its name once finish() has returned, else not there. Memory does
// not grow with the rows. Errors are InputError with path and reason.
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  // As many values as there are columns, each of its column's type.
  virtual void add(std::span<const Value> row) = 0;
  virtual void finish() = 0;
};

// FILE.csv as RFC 4180 has it, with LF and a line of names: UTF-8; numbers with a point, floats with the
// digits that give the same float back; true and false; nothing for NaN, inf for infinity. Columns of maps
// are left out.
std::unique_ptr<TableWriter> csv_writer(const std::filesystem::path& file, std::vector<TableColumn> columns);

// FILE.npz as numpy.load reads it, an array [rows, ...] for each column: '|b1', '<i8', '<u8', '<f4', '<f8',
// '<U' as wide as the longest text. Not compressed. What is being written takes its room twice, beside FILE.
std::unique_ptr<TableWriter> npz_writer(const std::filesystem::path& file, std::vector<TableColumn> columns);

}  // namespace wcam
