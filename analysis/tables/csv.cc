// Source: Y. Shafranovich, RFC 4180, 2005.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "analysis/tables/output_file.h"
#include "analysis/tables/table.h"
#include "common/base/file.h"

namespace wcam {

namespace {

void append(std::string& line, bool value) { line += value ? "true" : "false"; }

template <class Number>
void append(std::string& line, Number value) {
  if constexpr (std::is_floating_point_v<Number>)
    if (std::isnan(value)) return;
  std::array<char, 40> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  line.append(digits.data(), end);
}

void append(std::string& line, const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) line.append(c == '"' ? 2 : 1, c);
  line += '"';
}

void append(std::string&, const std::vector<float>&) {}

class CsvWriter : public TableWriter {
 public:
  CsvWriter(const std::filesystem::path& file, std::vector<TableColumn> columns)
      : pending_(file), out_(pending_.path(), file), columns_(std::move(columns)) {
    std::vector<Value> names;
    for (const TableColumn& column : columns_) names.emplace_back(column.name);
    add(names);
  }

  void add(std::span<const Value> row) override {
    line_.clear();
    const char* separator = "";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].type == ValueType::kMap) continue;
      line_ += std::exchange(separator, ",");
      std::visit([this](const auto& value) { append(line_, value); }, row[i]);
    }
    line_ += '\n';
    out_.write(line_);
  }

  void finish() override {
    out_.close();
    pending_.commit();
  }

 private:
  PendingFile pending_;
  OutputFile out_;
  std::vector<TableColumn> columns_;
  std::string line_;
};

}  // namespace

std::unique_ptr<TableWriter> csv_writer(const std::filesystem::path& file, std::vector<TableColumn> columns) {
  return std::make_unique<CsvWriter>(file, std::move(columns));
}

}  // namespace wcam
