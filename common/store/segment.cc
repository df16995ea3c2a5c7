#include "common/store/segment.h"

#include <stdexcept>

#include "common/base/file.h"
#include "common/store/columns.h"
#include "common/store/hdf5.h"
#include "common/store/store_file.h"

namespace wcam {

namespace {

using store::Columns;
using store::Shape;

// What the header, or the first row, says a vector's length must be.
std::size_t expected_length(const std::string& column, Shape shape, const StoreHeader& header,
                            std::size_t of_first_row) {
  if (shape == Shape::kMap)
    return static_cast<std::size_t>(header.grid) * static_cast<std::size_t>(header.grid);
  if (column == "level_share" || column == "level_contributions")
    return static_cast<std::size_t>(header.levels) + 1;
  return of_first_row;
}

void check_length(const char* group, const std::string& column, std::size_t row, std::size_t is,
                  std::size_t should_be) {
  if (is != should_be)
    throw std::invalid_argument(std::string(group) + " row " + std::to_string(row) + ": " + column + " has " +
                                std::to_string(is) + " values, " + std::to_string(should_be) + " expected");
}

// Rows' trailing dimensions in the file.
h5::Dims dims_of(Shape shape, std::uint64_t rows, std::uint64_t length, const StoreHeader& header,
                 std::uint64_t side) {
  const auto grid = static_cast<std::uint64_t>(header.grid);
  switch (shape) {
    case Shape::kScalar:
      return {rows};
    case Shape::kVector:
      return {rows, length};
    case Shape::kMap:
      return {rows, grid, grid};
    case Shape::kTop:
    case Shape::kPixels:
      break;
  }
  return {rows, side, side, 3};
}

// Writes one group, all its columns. The file never grows again, so columns are contiguous: no chunk index,
// which for 24 columns would be larger than the results of a quiet half minute. Only pixels are worth
// compressing.
template <class Row>
class GroupWriter {
 public:
  GroupWriter(h5::File& file, const StoreHeader& header, std::span<const Row> rows)
      : file_(file), header_(header), rows_(rows) {}

  template <class Member>
  void operator()(const char* column, Member Row::*member, Shape) const {
    using Stored = typename store::As<Member>::Stored;
    std::vector<Stored> values;
    values.reserve(rows_.size());
    for (const Row& row : rows_) values.push_back(store::As<Member>::stored(row.*member));
    if constexpr (std::is_same_v<Stored, std::string>) {
      const h5::FixedText text = h5::fixed_text(values);
      write(column, text.type, {rows_.size()}, text.bytes.data());
    } else {
      write(column, h5::type_of<Stored>(), {rows_.size()}, values.data());
    }
  }

  template <class T, std::size_t n>
  void operator()(const char* column, std::array<T, n> Row::*member, Shape) const {
    std::vector<T> values;
    values.reserve(rows_.size() * n);
    for (const Row& row : rows_) values.insert(values.end(), (row.*member).begin(), (row.*member).end());
    write(column, h5::type_of<T>(), {rows_.size(), n}, values.data());
  }

  template <class T>
  void operator()(const char* column, std::vector<T> Row::*member, Shape shape) const {
    const std::size_t length = expected_length(column, shape, header_, (rows_[0].*member).size());
    std::vector<T> values;
    values.reserve(rows_.size() * length);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::vector<T>& value = rows_[i].*member;
      check_length(Columns<Row>::kGroup, column, i, value.size(), length);
      values.insert(values.end(), value.begin(), value.end());
    }
    write(column, h5::type_of<T>(), dims_of(shape, rows_.size(), length, header_, side()), values.data(),
          shape == Shape::kPixels ? store::kPixelLayout : h5::Layout{});
  }

 private:
  void write(const char* column, h5::Type type, const h5::Dims& dims, const void* values,
             const h5::Layout& layout = {}) const {
    file_.create_dataset(store::path_of<Row>(column), type, dims, layout).write_with_checksum(type, values);
  }

  std::uint64_t side() const {
    if constexpr (std::is_same_v<Row, ImageRow>) {
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        const auto one = static_cast<std::size_t>(rows_[0].size);
        check_length("images", "pixels", i, rows_[i].pixels.size(), one * one * 3);
      }
      return static_cast<std::uint64_t>(rows_[0].size);
    } else {
      return 0;
    }
  }

  h5::File& file_;
  const StoreHeader& header_;
  std::span<const Row> rows_;
};

template <class Row>
void write_group(h5::File& file, const StoreHeader& header, std::span<const Row> rows) {
  if (!rows.empty()) store::all_columns<Row>(GroupWriter<Row>(file, header, rows));
}

}  // namespace

// Made in memory and written by ourselves: HDF5 never meets a full disk, and the file is one sequential
// write.
std::string store_bytes(const std::string& name, const StoreHeader& header,
                        std::span<const ProfileRow> profiles, std::span<const PredictionRow> predictions,
                        std::span<const ImageRow> images, const std::string& plan_json) {
  h5::File file = h5::File::create_in_memory(name);
  store::write_attributes(file, header);
  write_group(file, header, profiles);
  write_group(file, header, predictions);
  write_group(file, header, images);
  if (!plan_json.empty()) file.write_text(store::kPlan, plan_json);
  return file.close_into_memory();
}

void write_store(const std::filesystem::path& target, const StoreHeader& header,
                 std::span<const ProfileRow> profiles, std::span<const PredictionRow> predictions,
                 std::span<const ImageRow> images, const std::string& plan_json) {
  write_file_atomically(target,
                        store_bytes(target.string(), header, profiles, predictions, images, plan_json));
}

}  // namespace wcam
