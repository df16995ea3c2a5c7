// Where this host has a sweep's files, when that is not where the coordinator has them. Nothing is taken on
// trust: each file's SHA-256 must be the planned one, wherever it lies.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <filesystem>

#include "common/study/plan.h"

namespace wcam {

struct LocalPaths {
  std::filesystem::path images, variants, frost_overlays;  // folders; empty: as planned
  std::filesystem::path models;                            // a models.json; empty: as planned
  std::filesystem::path stage;                             // worker/images/stage.h; empty: nothing is staged
};

// --images, --variants, --frost-overlays, --models, --stage.
boost::program_options::options_description local_path_options();
LocalPaths local_paths_of(const boost::program_options::variables_map& values);

// The plan with this host's paths. Throws InputError when models.json cannot be read, CannotServe when
// it lacks a case.
Plan relocated(Plan plan, const LocalPaths& paths);

}  // namespace wcam
