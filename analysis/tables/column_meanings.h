// What each column of the exported tables is: columns.md, which lies beside them.
#pragma once

#include <span>
#include <string>

#include "analysis/tables/table.h"

namespace wcam {

// How the tables are to be read, then a line a column, those of one vector together. A column of ResultTables
// that nothing is said of here is a broken invariant: whoever stores a new one says here what it is.
std::string columns_text(std::span<const TableColumn> profiles, std::span<const TableColumn> predictions);

}  // namespace wcam
