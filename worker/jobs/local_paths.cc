#include "worker/jobs/local_paths.h"

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>

#include "common/study/case_spec.h"
#include "worker/base/faults.h"

namespace po = boost::program_options;

namespace wcam {

po::options_description local_path_options() {
  po::options_description options(
      "Where this host has what the plan names, if elsewhere than the coordinator");
  const auto path = [](const char* name, const char* otherwise) {
    return po::value<std::string>()->value_name(name)->default_value("", otherwise);
  };
  options.add_options()                                                                        //
      ("images", path("DIR", "as planned"), "folder of the images")                            //
      ("variants", path("DIR", "as planned"), "folder of variants on disk")                    //
      ("frost-overlays", path("DIR", "as planned"), "folder of photographs of frosted glass")  //
      ("models", path("FILE", "as planned"), "models.json with the same cases")                //
      ("stage", path("DIR", "none"),
       "folder on a local disk: models and images are copied there first, once for all workers of this host");
  return options;
}

LocalPaths local_paths_of(const po::variables_map& values) {
  const auto path = [&](const char* option) {
    return std::filesystem::path(values[option].as<std::string>());
  };
  return {path("images"), path("variants"), path("frost-overlays"), path("models"), path("stage")};
}

Plan relocated(Plan plan, const LocalPaths& paths) {
  if (!paths.images.empty()) plan.images_root = paths.images;
  if (!paths.variants.empty()) plan.variants_root = paths.variants;
  if (!paths.frost_overlays.empty()) plan.frost_root = paths.frost_overlays;
  if (paths.models.empty()) return plan;
  std::vector<std::string> names;
  for (const CaseSpec& spec : plan.cases) names.push_back(spec.name);
  const std::vector<CaseSpec> here = read_models_json(paths.models, names);
  for (CaseSpec& spec : plan.cases) {
    const auto found = std::find_if(here.begin(), here.end(),
                                    [&](const CaseSpec& other) { return other.name == spec.name; });
    if (found == here.end())
      throw CannotServe(paths.models.string() + " has no case '" + spec.name + "', which the sweep explains");
    spec.file = found->file;
  }
  return plan;
}

}  // namespace wcam
