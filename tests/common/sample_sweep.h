// A sweep directory with the sample's plan and no results.
#pragma once

#include "common/base/file.h"
#include "common/base/sweep_directory.h"
#include "common/store/segment.h"
#include "tests/common/sample_store.h"
#include "tests/temporary_folder.h"

namespace wcam::sample {

struct Sweep {
  TemporaryFolder folder;
  SweepDirectory at{folder.path()};

  Sweep() {
    make_directories(at.segments());
    write_file_atomically(at.plan(), to_json_text(plan()));
  }
  std::filesystem::path segment(const std::string& name) const { return at.segments() / (name + ".h5"); }
};

}  // namespace wcam::sample
