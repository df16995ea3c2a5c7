// What is stored of a study as two flat tables, for programs that read no HDF5: one row a WCAM, one row a
// prediction. What each column is, column_meanings.h says.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analysis/tables/study.h"
#include "analysis/tables/table.h"

namespace wcam {

// "approximation", "level_3", "level_2", "level_1": of the entries of level_share.
std::vector<std::string> level_names(int levels);

class ResultTables {
 public:
  // Reads all predictions once. `study` outlives this.
  explicit ResultTables(const Study& study);
  ~ResultTables();
  ResultTables(const ResultTables&) = delete;
  ResultTables& operator=(const ResultTables&) = delete;

  // The columns of one value a row, stored ones in the order of the format, then those made from them; of the
  // profiles also the maps wcam and standard_error. Of several sweeps each row says its own.
  std::vector<TableColumn> profile_columns() const;
  std::vector<TableColumn> prediction_columns() const;

  // Visits the rows in their order, that of Study. Memory does not grow with them, apart from some 40 bytes
  // a predict job and 200 a WCAM. The values are gone after the visit. Throws InputError: a WCAM whose
  // outputs are not as many as the plan's settings make.
  using Visit = std::function<void(std::span<const Value>)>;
  void for_each_profile(const Visit& visit) const;
  void for_each_prediction(const Visit& visit) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wcam
