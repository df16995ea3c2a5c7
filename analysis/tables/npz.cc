// Every column becomes a file of NumPy's format of its own while rows come in, and in the end all become one
// zip, as numpy.savez makes it.
// Source: NumPy's reference, "numpy.lib.format", version 1.0.
#include <zip.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <memory>
#include <type_traits>
#include <utility>

#include "analysis/tables/output_file.h"
#include "analysis/tables/table.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/scratch_folder.h"
#include "common/base/utf8.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they lie in memory");

constexpr std::size_t kHeaderBytes = 192;  // of every file: its shape is filled in when all rows are there

template <class T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

// "<f4", of texts "<U12".
std::string descr(ValueType type, std::size_t longest) {
  switch (type) {
    case ValueType::kBool:
      return "|b1";
    case ValueType::kInt64:
      return "<i8";
    case ValueType::kUint64:
      return "<u8";
    case ValueType::kFloat64:
      return "<f8";
    case ValueType::kFloat32:
    case ValueType::kMap:
      return "<f4";
    case ValueType::kText:
      return "<U" + std::to_string(std::max<std::size_t>(longest, 1));
  }
  invariant_broken("a type of values without a name in NumPy");
}

std::string header(const std::string& descr, std::size_t rows, const std::vector<std::size_t>& shape) {
  std::string dims = std::to_string(rows) + ",";
  for (const std::size_t dim : shape) dims += " " + std::to_string(dim) + ",";
  std::string dictionary = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + dims + "), }";
  const std::string magic("\x93NUMPY\x01\x00", 8);
  const std::size_t length = kHeaderBytes - magic.size() - 2;
  dictionary.resize(length - 1, ' ');
  return magic + static_cast<char>(length % 256) + static_cast<char>(length / 256) + dictionary + '\n';
}

// One column on its way.
class NpyFile {
 public:
  NpyFile(const fs::path& folder, const fs::path& target, TableColumn column)
      : column_(std::move(column)),
        path_(folder / (column_.name + ".npy")),
        target_(target),
        out_(path_, target) {
    if (column_.type != ValueType::kText) out_.write(std::string(kHeaderBytes, ' '));
  }
  const fs::path& path() const { return path_; }

  void add(const Value& value) {
    ++rows_;
    std::visit([this](const auto& v) { write(v); }, value);
  }

  // The file is NumPy's from then on.
  void finish() {
    const std::string head = header(descr(column_.type, longest_), rows_, column_.shape);
    if (column_.type != ValueType::kText) {
      out_.write_at_the_beginning(head);
      out_.close();
      return;
    }
    out_.close();
    fs::path texts = path_;
    texts.replace_extension(".texts");
    fs::rename(path_, texts);
    widen(texts, head);
    fs::remove(texts);
  }

 private:
  template <class Number>
  void write(const Number& number) {
    out_.write(bytes_of(std::span<const Number>(&number, 1)));
  }
  void write(const std::vector<float>& map) { out_.write(bytes_of(std::span<const float>(map))); }
  // How wide they have to be is known when all are there.
  void write(const std::string& text) {
    longest_ = std::max(longest_, characters(text).size());
    out_.write(text);
    out_.write(std::string(1, '\0'));
  }

  void widen(const fs::path& texts, const std::string& head) {
    std::ifstream in(texts, std::ios::binary);
    OutputFile wide(path_, target_);
    wide.write(head);
    std::string text;
    for (std::size_t row = 0; row < rows_; ++row) {
      if (!std::getline(in, text, '\0')) throw InputError("cannot read back " + texts.string());
      std::u32string line = characters(text);
      line.resize(std::max<std::size_t>(longest_, 1), U'\0');
      wide.write(bytes_of(std::span<const char32_t>(line)));
    }
    wide.close();
  }

  TableColumn column_;
  fs::path path_, target_;
  OutputFile out_;
  std::size_t rows_ = 0, longest_ = 0;  // in characters
};

class NpzWriter : public TableWriter {
 public:
  NpzWriter(const fs::path& file, std::vector<TableColumn> columns)
      : target_(file), pending_(file), folder_(file.has_parent_path() ? file.parent_path() : ".", ".npz") {
    for (TableColumn& column : columns)
      columns_.push_back(std::make_unique<NpyFile>(folder_.path(), target_, std::move(column)));
  }

  void add(std::span<const Value> row) override {
    for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i]->add(row[i]);
  }

  void finish() override {
    for (const auto& column : columns_) column->finish();
    zip_all();
    pending_.commit();
  }

 private:
  [[noreturn]] void fail(zip_error_t* error) const {
    throw InputError("cannot write " + target_.string() + ": " + zip_error_strerror(error));
  }

  void zip_all() {
    int code = 0;
    zip_t* opened = zip_open(pending_.path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (opened == nullptr) {
      zip_error_t error;
      zip_error_init_with_code(&error, code);
      fail(&error);
    }
    std::unique_ptr<zip_t, void (*)(zip_t*)> archive(opened, &zip_discard);
    for (const auto& column : columns_) add_to(archive.get(), column->path());
    if (zip_close(archive.get()) != 0) fail(zip_get_error(archive.get()));
    archive.release();  // NOLINT(bugprone-unused-return-value): closed
  }

  void add_to(zip_t* archive, const fs::path& file) const {
    zip_source_t* source = zip_source_file(archive, file.c_str(), 0, -1);
    if (source == nullptr) fail(zip_get_error(archive));
    const zip_int64_t entry =
        zip_file_add(archive, file.filename().c_str(), source, ZIP_FL_ENC_UTF_8 | ZIP_FL_OVERWRITE);
    if (entry < 0) {
      zip_source_free(source);
      fail(zip_get_error(archive));
    }
    const auto index = static_cast<zip_uint64_t>(entry);
    constexpr std::time_t kAlways = 946'684'800;  // 2000-01-01: the same results give the same bytes
    if (zip_set_file_compression(archive, index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_mtime(archive, index, kAlways, 0) != 0)
      fail(zip_get_error(archive));
  }

  fs::path target_;
  PendingFile pending_;
  ScratchFolder folder_;
  std::vector<std::unique_ptr<NpyFile>> columns_;
};

}  // namespace

std::unique_ptr<TableWriter> npz_writer(const fs::path& file, std::vector<TableColumn> columns) {
  return std::make_unique<NpzWriter>(file, std::move(columns));
}

}  // namespace wcam
