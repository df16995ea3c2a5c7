// The user's list of what to explain (docs/selection.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/study/selection_settings.h"

namespace wcam {

struct SelectFile {
  std::vector<std::string> images;  // of those known, in the order in which the file first names them
  SelectionSettings selection;      // kListed, for these images
};

// A line says IMAGE, IMAGE <tab> VARIANT or IMAGE <tab> VARIANT <tab> CASE; without a case it means all of
// them, without a variant the source and all variants. Empty lines and those that begin with # say nothing.
// images: the names there are; variants, cases: the plan's. Throws InputError, "FILE:LINE: ...": a name that
// is unknown, a WCAM that an earlier line asks for too, another number of fields, no UTF-8; and naming the
// file when it cannot be read or lists nothing. O(lines log lines + WCAMs listed).
SelectFile read_select_file(const std::filesystem::path& file, const std::vector<std::string>& images,
                            const std::vector<std::string>& variants, const std::vector<std::string>& cases);

}  // namespace wcam
