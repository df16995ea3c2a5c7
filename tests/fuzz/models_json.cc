// models.json, beside a model file and a file of class names that it may name.
#include "common/base/error.h"
#include "common/study/case_spec.h"
#include "tests/fuzz/target.h"
#include "tests/temporary_folder.h"

using namespace wcam;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TemporaryFolder folder;
  static const bool made = [] {
    write_file(folder.path() / "m.pt", "not read here");
    write_file(folder.path() / "c.txt", "tench\ngoldfish, Carassius auratus\n");
    return true;
  }();
  demand(made, "made");
  const std::filesystem::path file = folder.path() / "models.json";
  write_file(file, text_of(data, size));
  try {
    for (const CaseSpec& spec : read_models_json(file)) {
      demand(!spec.name.empty() && spec.sha256.size() == 64, "a case without a name or a digest");
      check_sizes(spec.input_size, spec.resize, spec.name);
      class_name(spec.classes, 1);
    }
  } catch (const InputError&) {
  }
  return 0;
}
