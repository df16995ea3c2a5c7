#include "common/store/store_file.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/format_version.h"
#include "common/base/version.h"

namespace wcam::store {

namespace {

std::string shape_text(const h5::Dims& dims) {
  std::string text = "[R";
  for (std::size_t i = 1; i < dims.size(); ++i) text += ", " + std::to_string(dims[i]);
  return text + "]";
}

int bounded_attribute(const h5::File& file, const char* name, int least, int most) {
  const std::int64_t number = file.integer_attribute(name);
  if (number < least || number > most)
    throw InputError(file.path() + ": attribute " + name + " is " + std::to_string(number) + ", outside " +
                     std::to_string(least) + " to " + std::to_string(most));
  return static_cast<int>(number);
}

std::string version_of(const h5::File& file) {
  return file.has_attribute("software_version") ? file.text_attribute("software_version") : "";
}

StoreHeader read_header(const h5::File& file) {
  if (!file.has_attribute("format") || file.text_attribute("format") != kFormatName)
    throw InputError(file.path() + " is an HDF5 file, but not a store of WCAMs (attribute format is not \"" +
                     kFormatName + "\")");
  check_format_version(file.path(), "format version", file.integer_attribute("format_version"),
                       kFormatVersion, kFormatVersion, version_of(file));
  StoreHeader header;
  header.sweep_id = file.text_attribute("sweep_id");
  header.grid = bounded_attribute(file, "grid", 1, 65535);
  header.levels = bounded_attribute(file, "levels", 1, 30);
  return header;
}

}  // namespace

StoreReader::StoreReader(const std::filesystem::path& path)
    : file_(h5::File::open(path)), header_(read_header(file_)) {}

std::string StoreReader::software_version() const { return version_of(file_); }

std::string StoreReader::plan_text() { return file_.has(kPlan) ? file_.read_text(kPlan) : ""; }

std::string StoreReader::runs_text() { return file_.has(kRuns) ? file_.read_text(kRuns) : ""; }

std::vector<std::string> StoreReader::merged_segments() {
  if (!file_.has(kSegments)) return {};
  const h5::Dataset& names = file_.dataset(kSegments);
  return names.read_text(0, names.rows());
}

template <class Row>
std::uint64_t StoreReader::rows() {
  if (!file_.has(Columns<Row>::kGroup)) return 0;
  const h5::Dataset& first = file_.dataset(Columns<Row>::kFirst);
  if (first.dims().size() != 1)
    throw InputError(path() + ": " + Columns<Row>::kFirst + " has " + std::to_string(first.dims().size()) +
                     " dimensions, 1 expected");
  return first.rows();
}

template <class Row>
bool StoreReader::lacks(const char* column) {
  return may_be_absent(column) && !file_.has(path_of<Row>(column));
}

template <class Row>
h5::Dataset& StoreReader::checked(const char* column, Shape shape) {
  const std::string name = path_of<Row>(column);
  h5::Dataset& data = file_.dataset(name);
  const h5::Dims& dims = data.dims();
  const auto grid = static_cast<std::uint64_t>(header_.grid);
  bool sound = false;
  std::string expected = "[R]";
  switch (shape) {
    case Shape::kScalar:
      sound = dims.size() == 1;
      break;
    case Shape::kVector:
      sound = dims.size() == 2;
      expected = "[R, n]";
      if (const std::string what = column; what == "level_share" || what == "level_contributions") {
        const auto levels = static_cast<std::uint64_t>(header_.levels);
        sound = sound && dims[1] == levels + 1;
        expected = shape_text({0, levels + 1});
      }
      break;
    case Shape::kTop:
      sound = dims.size() == 2 && dims[1] == kTopClasses;
      expected = shape_text({0, kTopClasses});
      break;
    case Shape::kMap:
      sound = dims.size() == 3 && dims[1] == grid && dims[2] == grid;
      expected = shape_text({0, grid, grid});
      break;
    case Shape::kPixels:
      sound = dims.size() == 4 && dims[1] == dims[2] && dims[3] == 3;
      expected = "[R, S, S, 3]";
      break;
  }
  if (!sound)
    throw InputError(path() + ": " + name + " is " + shape_text(dims) + ", " + expected + " expected");
  if (const std::uint64_t expected_rows = rows<Row>(); data.rows() != expected_rows)
    throw InputError(path() + ": " + name + " has " + std::to_string(data.rows()) + " rows, " +
                     Columns<Row>::kFirst + " " + std::to_string(expected_rows));
  return data;
}

namespace {

// Puts column values into rows; one overload a kind of member.
template <class Row, class Member>
void scatter(const h5::Dataset& data, std::uint64_t first, std::span<Row> out, Member Row::*member) {
  using Stored = typename As<Member>::Stored;
  if constexpr (std::is_same_v<Stored, std::string>) {
    std::vector<std::string> values = data.read_text(first, out.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i].*member = As<Member>::member(values[i]);
  } else {
    const auto values = data.read<Stored>(first, out.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i].*member = As<Member>::member(values[i]);
  }
}

template <class Row, class T>
void scatter(const h5::Dataset& data, std::uint64_t first, std::span<Row> out, std::vector<T> Row::*member) {
  const auto values = data.read<T>(first, out.size());
  const auto width = static_cast<std::ptrdiff_t>(data.row_elements());
  auto at = values.begin();
  for (Row& row : out) {
    (row.*member).assign(at, at + width);
    at += width;
  }
}

template <class Row, class T, std::size_t n>
void scatter(const h5::Dataset& data, std::uint64_t first, std::span<Row> out,
             std::array<T, n> Row::*member) {
  const auto values = data.read<T>(first, out.size());
  auto at = values.begin();
  for (Row& row : out) {
    std::copy_n(at, n, (row.*member).begin());
    at += static_cast<std::ptrdiff_t>(n);
  }
}

}  // namespace

template <class Row>
void StoreReader::read_columns(std::uint64_t first, std::span<Row> out, bool arrays) {
  const auto visit = [&](const char* column, auto member, Shape shape) {
    if (lacks<Row>(column)) return;
    const h5::Dataset& data = checked<Row>(column, shape);
    scatter(data, first, out, member);
    if constexpr (std::is_same_v<Row, ImageRow>)
      if (shape == Shape::kPixels)
        for (Row& row : out) row.size = static_cast<int>(data.dims()[1]);
  };
  if (arrays)
    Columns<Row>::arrays(visit);
  else
    Columns<Row>::index(visit);
}

template <class Row>
void StoreReader::read_index(std::uint64_t first, std::span<Row> out) {
  read_columns(first, out, false);
  // In a sweep's file rows of earlier versions may lie beside later ones; of `wcam explain`, an empty text
  // says that the user chose the class.
  if constexpr (std::is_same_v<Row, ProfileRow>)
    if (lacks<Row>("explained") || !header_.sweep_id.empty())
      for (ProfileRow& row : out)
        if (row.explained.empty()) row.explained = published_labels(row.role);
}

template <class Row>
void StoreReader::read_arrays(std::uint64_t first, std::span<Row> out) {
  read_columns(first, out, true);
}

namespace {

// The format's type, whatever integers or floats the file has; of text, one as wide as `text`.
template <class Row, class Member>
h5::Type format_type(h5::Type text, Member Row::*) {
  using Stored = typename As<Member>::Stored;
  if constexpr (std::is_same_v<Stored, std::string>)
    return text;
  else
    return h5::type_of<Stored>();
}

// Trailing dimensions of a column that a file may lack.
h5::Dims dims_of_lacking(Shape shape) { return shape == Shape::kTop ? h5::Dims{kTopClasses} : h5::Dims{}; }

}  // namespace

template <class Row>
std::vector<ColumnShape> StoreReader::shapes() {
  std::vector<ColumnShape> shapes;
  all_columns<Row>([&](const char* column, auto member, Shape shape) {
    if (lacks<Row>(column))
      return shapes.push_back(
          {path_of<Row>(column), format_type(h5::text_of(0), member), dims_of_lacking(shape)});
    const h5::Dataset& data = checked<Row>(column, shape);
    const h5::Dims& dims = data.dims();
    shapes.push_back(
        {path_of<Row>(column), format_type(data.type(), member), {dims.begin() + 1, dims.end()}});
  });
  return shapes;
}

template <class Row>
void StoreReader::check_values_of() {
  if (rows<Row>() == 0) return;
  std::size_t known = 0;
  const char* lacking = nullptr;
  all_columns<Row>([&](const char* column, auto, Shape shape) {
    if (lacks<Row>(column)) {
      lacking = column;
      return;
    }
    checked<Row>(column, shape).check_values();
    ++known;
  });
  // No version writes columns that this one does not know and lacks one that it knows.
  if (lacking != nullptr && file_.members(Columns<Row>::kGroup) > known &&
      file_.dataset(Columns<Row>::kFirst).has_checksum())
    throw InputError(path() + ": " + path_of<Row>(lacking) +
                     " is not there and something unknown is: the name of a column is damaged");
}

void StoreReader::check_values() {
  check_values_of<ProfileRow>();
  check_values_of<PredictionRow>();
  check_values_of<ImageRow>();
}

void StoreReader::read_bytes(const ColumnShape& column, std::uint64_t first, std::uint64_t count,
                             std::string& out) {
  if (!file_.has(column.path)) {  // shapes() has seen that it may be
    std::size_t elements = static_cast<std::size_t>(count);
    for (const auto dim : column.row) elements *= static_cast<std::size_t>(dim);
    out.assign(elements * column.type.bytes, '\0');
    return;
  }
  const h5::Dataset& data = file_.dataset(column.path);
  out.resize(static_cast<std::size_t>(count) * data.row_elements() * column.type.bytes);
  data.read(first, count, column.type, out.data());
}

template std::uint64_t StoreReader::rows<ProfileRow>();
template std::uint64_t StoreReader::rows<PredictionRow>();
template std::uint64_t StoreReader::rows<ImageRow>();
template void StoreReader::read_index<ProfileRow>(std::uint64_t, std::span<ProfileRow>);
template void StoreReader::read_index<PredictionRow>(std::uint64_t, std::span<PredictionRow>);
template void StoreReader::read_index<ImageRow>(std::uint64_t, std::span<ImageRow>);
template void StoreReader::read_arrays<ProfileRow>(std::uint64_t, std::span<ProfileRow>);
template void StoreReader::read_arrays<PredictionRow>(std::uint64_t, std::span<PredictionRow>);
template void StoreReader::read_arrays<ImageRow>(std::uint64_t, std::span<ImageRow>);
template std::vector<ColumnShape> StoreReader::shapes<ProfileRow>();
template std::vector<ColumnShape> StoreReader::shapes<PredictionRow>();
template std::vector<ColumnShape> StoreReader::shapes<ImageRow>();

void check_belongs(const StoreReader& file, const StoreHeader& sweep, std::span<const std::string> ids) {
  const StoreHeader& is = file.header();
  if (std::find(ids.begin(), ids.end(), is.sweep_id) == ids.end())
    throw InputError(file.path() + " belongs to another sweep (" + is.sweep_id.substr(0, 12) +
                     ", this one is " + sweep.sweep_id.substr(0, 12) + "): move it away");
  if (is.grid != sweep.grid || is.levels != sweep.levels)
    throw InputError(file.path() + " has grid " + std::to_string(is.grid) + " and " +
                     std::to_string(is.levels) + " levels, this sweep " + std::to_string(sweep.grid) +
                     " and " + std::to_string(sweep.levels));
}

template <class Row>
static void check_index(StoreReader& file) {
  constexpr std::uint64_t kRows = 4096;  // at once
  const std::uint64_t count = file.rows<Row>();
  for (std::uint64_t first = 0; first < count; first += kRows) {
    std::vector<Row> rows(std::min(kRows, count - first));
    file.read_index(first, std::span(rows));
  }
}

void check_sound(StoreReader& file, const StoreHeader& sweep, std::span<const std::string> ids) {
  check_belongs(file, sweep, ids);
  file.check_values();
  try {
    check_index<ProfileRow>(file);
    check_index<PredictionRow>(file);
    check_index<ImageRow>(file);
  } catch (const InputError& e) {
    const std::string why = e.what();
    throw InputError(why.find(file.path()) == std::string::npos ? file.path() + ": " + why : why);
  }
}

void write_attributes(h5::File& file, const StoreHeader& header) {
  file.set_attribute("format", kFormatName);
  file.set_attribute("format_version", kFormatVersion);
  file.set_attribute("sweep_id", header.sweep_id);
  file.set_attribute("software_version", std::string(kVersion));
  file.set_attribute("grid", std::int64_t{header.grid});
  file.set_attribute("levels", std::int64_t{header.levels});
}

}  // namespace wcam::store
