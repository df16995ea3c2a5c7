#include "plotting/report/report_files.h"

#include <cstdint>
#include <set>
#include <span>
#include <variant>
#include <vector>

#include "analysis/tables/table.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "plotting/report/report_page.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

Value value_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* whole = std::get_if<long long>(&cell)) return static_cast<std::int64_t>(*whole);
  return std::get<double>(cell);
}

ValueType type_of(const Cell& cell) {
  if (std::holds_alternative<std::string>(cell)) return ValueType::kText;
  return std::holds_alternative<long long>(cell) ? ValueType::kInt64 : ValueType::kFloat64;
}

void write_table(const fs::path& file, const ReportTable& table) {
  std::vector<TableColumn> columns;
  for (std::size_t k = 0; k < table.columns.size(); ++k)
    columns.push_back(
        {table.columns[k], table.rows.empty() ? ValueType::kText : type_of(table.rows.front().at(k))});
  const auto writer = csv_writer(file, columns);
  for (const auto& row : table.rows) {
    std::vector<Value> values;
    for (const Cell& cell : row) values.push_back(value_of(cell));
    writer->add(values);
  }
  writer->finish();
}

// Names are those of files, and of places in the page.
void check_names(const Report& report) {
  std::set<std::string> charts, tables, sections;
  const auto take = [](std::set<std::string>& names, const std::string& name) {
    if (!is_file_name(name) || !names.insert(name).second)
      invariant_broken("a report has two parts, or a part that no file can have the name of: '" + name + "'");
  };
  for (const Section& section : report.sections) {
    take(sections, section.id);
    for (const Chart& chart : section.charts) take(charts, chart.name);
    for (const ReportTable& table : section.tables) {
      take(tables, table.name);
      for (const auto& row : table.rows)
        if (row.size() != table.columns.size() || table.meanings.size() != table.columns.size())
          invariant_broken("the report's table " + table.name +
                           " has a row of another length than its columns");
    }
  }
}

}  // namespace

void write_report(const Report& report, const ReportFiles& files,
                  const std::function<void(const fs::path&)>& on_written) {
  check_names(report);
  const fs::path figures = files.out / "figures", tables = files.out / "tables";
  make_directories(figures);
  make_directories(tables);
  const auto write = [&](const fs::path& file, const std::string& content) {
    write_file_atomically(file, content);
    on_written(file);
  };
  for (const Section& section : report.sections) {
    for (const Chart& chart : section.charts) {
      write(figures / (chart.name + ".pdf"),
            draw(chart, {Format::kPdf, files.width_pt, files.on_unreadable}));
      write(figures / (chart.name + ".txt"), chart.caption + "\n");
    }
    for (const ReportTable& table : section.tables) {
      write_table(tables / table.name, table);
      on_written(tables / table.name);
    }
  }
  write(tables / "columns.md", columns_page(report));
  if (files.json) write(files.out / "report.json", report_json(report));
  write(files.out / "report.html", report_page(report, {}));
}

}  // namespace wcam
