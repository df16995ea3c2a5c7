// The one place that calls HDF5's C library. Every status is checked; what fails is an InputError that names
// file, object and the line of HDF5's error stack that says most ("No space left on device").
//
// HDF5 has one owner thread a process: none of this may be called from two threads at once. Datasets are
// row-major, and the first dimension counts rows. Files are written in the format of HDF5 1.8, which
// everything since 2008 reads and whose metadata has checksums, and without HDF5's file locks: a file of ours
// is never changed once it has its name, and some network file systems refuse locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace wcam::h5 {

using Dims = std::vector<std::uint64_t>;
struct WriteFault;

// What a dataset's elements are. Integers and floats are little-endian in files. Text is UTF-8 of a fixed
// width in bytes that has room for a NUL at the end, where h5dump stops; files of others may pad in other
// ways.
enum class Kind { kUint8, kUint32, kUint64, kInt64, kFloat32, kFloat64, kText };
struct Type {
  Kind kind{};
  std::size_t bytes = 0;  // of one element; of text, including the NUL
  bool operator==(const Type&) const = default;
};

template <class T>
Type type_of();
template <>
inline Type type_of<std::uint8_t>() {
  return {Kind::kUint8, 1};
}
template <>
inline Type type_of<std::uint32_t>() {
  return {Kind::kUint32, 4};
}
template <>
inline Type type_of<std::uint64_t>() {
  return {Kind::kUint64, 8};
}
template <>
inline Type type_of<std::int64_t>() {
  return {Kind::kInt64, 8};
}
template <>
inline Type type_of<float>() {
  return {Kind::kFloat32, 4};
}
template <>
inline Type type_of<double>() {
  return {Kind::kFloat64, 8};
}
inline Type text_of(std::size_t longest) { return {Kind::kText, longest + 1}; }

// How a new dataset lies in the file.
struct Layout {
  // 0: contiguous, the rows given at creation and no more; else chunks of so many rows, extensible, each with
  // a checksum (Fletcher-32) that HDF5 itself checks when it is read.
  std::uint64_t chunk_rows = 0;
  unsigned gzip = 0;  // 0 to 9, 0 without; chunked only
};

// A dataset of an open File, which owns it.
class Dataset {
 public:
  ~Dataset();
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  const Dims& dims() const { return dims_; }
  std::uint64_t rows() const { return dims_.empty() ? 1 : dims_.front(); }
  std::size_t row_elements() const;  // product of the trailing dimensions
  // As stored; `bytes` may be one that no C++ type of ours has (int16, float16). Other classes than integers,
  // floats and text of a fixed width are refused when the dataset is opened.
  Type type() const { return type_; }

  // Rows [first, first + count) as `memory`, converted by HDF5: integers from integers, floats from any
  // number, text from text no wider. Throws std::out_of_range beyond the last row.
  void read(std::uint64_t first, std::uint64_t count, Type memory, void* out) const;
  template <class T>
  std::vector<T> read(std::uint64_t first, std::uint64_t count) const {
    std::vector<T> values(static_cast<std::size_t>(count) * row_elements());
    read(first, count, type_of<T>(), values.data());
    return values;
  }
  std::vector<std::string> read_text(std::uint64_t first, std::uint64_t count) const;

  // Writes rows [first, first + count), which exist.
  void write(std::uint64_t first, std::uint64_t count, Type memory, const void* rows);
  // Extends a chunked dataset by `count` rows.
  void append(std::uint64_t count, Type memory, const void* rows);

  // Writes all rows, and beside them their CRC-32 as the attribute "crc32": of a contiguous dataset HDF5
  // itself keeps no checksum, of a chunked one none of the index that says which chunk holds which rows.
  void write_with_checksum(Type memory, const void* rows);
  // The same of rows that were all append()ed, as the types that they are read as.
  void write_checksum_of_appended();
  // Reads all rows. Throws InputError when HDF5 finds damage, or when they do not have the CRC-32 that was
  // written with them, if one was.
  void check_values() const;
  bool has_checksum() const;

 private:
  friend class File;
  Dataset(std::int64_t id, const std::string& file, std::string name, const WriteFault& fault);
  void refuse_unlike(Type memory) const;
  void write_checksum(std::uint32_t sum);
  void refuse_absurd_size() const;
  [[noreturn]] void fail(const std::string& act) const;

  std::int64_t id_;
  std::string file_, name_;
  const WriteFault& fault_;  // the file's
  Dims dims_;
  Type type_;
  std::uint32_t appended_sum_ = 0;
};

class File {
 public:
  static File open(const std::filesystem::path& path);  // to read
  // To write; replaces what is there. Messages call it `name`, the one it is meant to have in the end.
  static File create(const std::filesystem::path& path, const std::filesystem::path& name);
  static File create(const std::filesystem::path& path) { return create(path, path); }
  // To write, in memory alone; `name` is for messages. See close_into_memory().
  static File create_in_memory(const std::filesystem::path& name);
  // A created file on which close() did not succeed is to be thrown away.
  ~File();
  File(File&&) noexcept;
  File& operator=(File&&) noexcept;

  const std::string& path() const;
  bool has(const std::string& object) const;
  // How many datasets and groups a group has. Their names are not asked for: HDF5 1.10 crashes on damaged
  // ones.
  std::size_t members(const std::string& group) const;

  // Opened once and kept. Throws InputError when it is not there.
  Dataset& dataset(const std::string& name);
  // Groups on the way are made.
  Dataset& create_dataset(const std::string& name, Type type, const Dims& dims, const Layout& layout = {});

  // A scalar dataset of text, of any length.
  void write_text(const std::string& name, const std::string& text);
  std::string read_text(const std::string& name);

  // Of the root group. Text has a fixed width; of variable length it is refused, since damage makes
  // HDF5 1.10 crash or hang there.
  void set_attribute(const std::string& name, const std::string& text);
  void set_attribute(const std::string& name, std::int64_t number);
  bool has_attribute(const std::string& name) const;
  std::string text_attribute(const std::string& name) const;
  std::int64_t integer_attribute(const std::string& name) const;

  // Hands everything to the operating system (durability: PendingFile). Throws InputError when the disk is
  // full.
  void close();
  // The same for a file made in memory; its bytes.
  std::string close_into_memory();

 private:
  struct Impl;
  explicit File(std::unique_ptr<Impl> impl);
  [[noreturn]] void fail(const std::string& act) const;
  std::unique_ptr<Impl> impl_;
};

// A whole numeric dataset of any HDF5 file, converted to T (float or double), row-major.
template <class T>
struct Array {
  Dims dims;
  std::vector<T> values;
};
template <class T>
Array<T> read_dataset(const std::filesystem::path& file, const std::string& name) {
  File source = File::open(file);
  const Dataset& data = source.dataset(name);
  return {data.dims(), data.read<T>(0, data.rows())};
}

// A column of text as it lies in memory: values side by side, each padded with NUL to the width of the type.
struct FixedText {
  Type type;  // as wide as the longest value needs
  std::string bytes;
};
FixedText fixed_text(std::span<const std::string> values);

}  // namespace wcam::h5
