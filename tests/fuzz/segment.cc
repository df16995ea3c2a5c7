// A segment or results.h5: every column of every row, as pack, plotting and verify read them.
#include <algorithm>

#include "common/base/error.h"
#include "common/store/store_file.h"
#include "tests/fuzz/target.h"
#include "tests/temporary_folder.h"

using namespace wcam;

// HDF5 1.10 forgets memory when it refuses a damaged file.
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5"; }

namespace {

constexpr std::uint64_t kRows = 16;

template <class Row>
void read_group(store::StoreReader& file) {
  const std::uint64_t rows = std::min(file.rows<Row>(), kRows);
  if (rows == 0) return;
  std::string bytes;
  for (const store::ColumnShape& column : file.shapes<Row>()) file.read_bytes(column, 0, rows, bytes);
  std::vector<Row> read(rows);
  file.read_index<Row>(0, std::span(read));
  if constexpr (!std::is_same_v<Row, PredictionRow>) file.read_arrays<Row>(0, std::span(read));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "segment.h5";
  write_file(path, text_of(data, size));
  try {
    store::StoreReader file(path);
    file.check_values();
    file.plan_text();
    file.merged_segments();
    read_group<ProfileRow>(file);
    read_group<PredictionRow>(file);
    read_group<ImageRow>(file);
  } catch (const InputError&) {
  }
  return 0;
}
