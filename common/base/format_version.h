// What a program says of a file whose format is not one that it reads (docs/versions.md).
#pragma once

#include <cstdint>
#include <string>

#include "common/base/error.h"

namespace wcam {

// A file of a later program: sound for all that is known, so nobody may mend it.
class NewerFormat : public InputError {
 public:
  using InputError::InputError;
};

// Throws InputError unless oldest <= found <= newest, NewerFormat when it is above, naming the file, the
// number, what this program reads, and which program to use instead. what: of the number, "plan format",
// "schema", ...; writer: the version that wrote the file, if it says so.
void check_format_version(const std::string& file, const std::string& what, std::int64_t found,
                          std::int64_t oldest, std::int64_t newest, const std::string& writer = "");

}  // namespace wcam
