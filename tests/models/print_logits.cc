// All logits of all cases on some images, by the workers' own loader: what an export is compared with.
//   print_logits models.json IMAGE...    prints {"case": [[logits of the first image], ...], ...}
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/study/case_spec.h"
#include "worker/images/image.h"
#include "worker/models/model.h"

int main(int argc, char** argv) {
  wcam::prepare_torch(1);
  nlohmann::json logits;
  for (const wcam::CaseSpec& spec : wcam::read_models_json(argv[1])) {
    const wcam::Model model = wcam::Model::load(spec, "cpu");
    std::vector<wcam::RgbImage> images;
    for (int i = 2; i < argc; ++i)
      images.push_back(wcam::resize_and_crop(wcam::decode_image(argv[i]), spec.resize, spec.input_size));
    const at::Tensor rows = model.forward(model.to_input(images)).contiguous();
    for (std::int64_t row = 0; row < rows.size(0); ++row) {
      const float* first = rows.data_ptr<float>() + row * rows.size(1);
      logits[spec.name].push_back(std::vector<float>(first, first + rows.size(1)));
    }
  }
  std::printf("%s\n", logits.dump().c_str());
}
