// A small WCAM of one case at several batch sizes, bit by bit, for reproducibility_test.cc, which runs this
// program with one BLAS kernel after the other.
//   print_wcam models.json CASE THREADS BATCH...
// prints {"provenance": ..., "BATCH": {"outputs": [...], "indices": [...]}, ...}.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "common/study/case_spec.h"
#include "worker/jobs/compute.h"
#include "worker/models/device.h"

namespace {

wcam::RgbImage textured(int side) {
  wcam::RgbImage image = wcam::blank_image(side, side);
  for (int r = 0; r < side; ++r)
    for (int c = 0; c < 3 * side; ++c)
      image.row(r)[c] = static_cast<std::uint8_t>(127 + 90 * std::sin(0.3 * r + c % 3) * std::cos(0.2 * c));
  return image;
}

}  // namespace

int main(int argc, char** argv) {
  wcam::prepare_torch(std::stoi(argv[3]));
  wcam::WcamSettings settings;
  settings.grid = 4;
  const wcam::Design design = wcam::make_design(settings);
  for (const wcam::CaseSpec& spec : wcam::read_models_json(argv[1])) {
    if (spec.name != argv[2]) continue;
    const wcam::Model model = wcam::Model::load(spec, "cpu");
    nlohmann::json printed{{"provenance", wcam::provenance_of(model.device())}};
    for (int i = 4; i < argc; ++i) {
      const wcam::ProfileRow row =
          wcam::explain_row(model, textured(spec.input_size), {"a", "source", spec.name, 1}, settings, design,
                            std::stoi(argv[i]));
      printed[argv[i]] = {{"outputs", row.outputs}, {"indices", row.wcam}};
    }
    std::printf("%s\n", printed.dump().c_str());
    return 0;
  }
  return 2;
}
