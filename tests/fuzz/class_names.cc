// A file of class names, in whatever form.
#include "common/study/class_names.h"

#include "common/base/error.h"
#include "common/base/utf8.h"
#include "tests/fuzz/target.h"
#include "tests/temporary_folder.h"

using namespace wcam;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "names";
  write_file(file, text_of(data, size));
  try {
    for (const std::string& name : read_class_names(file)) demand(is_utf8(name), "a name that is not UTF-8");
  } catch (const InputError&) {
  }
  return 0;
}
