// Real classifiers, and the names of real classes.
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "common/study/case_spec.h"
#include "common/study/class_names.h"
#include "common/study/estimator.h"
#include "common/study/imagenet.h"
#include "tests/support.h"
#include "tests/worker/reference_set/photographs.h"
#include "worker/images/image.h"
#include "worker/jobs/compute.h"
#include "worker/models/labelled_photographs.h"
#include "worker/models/model.h"

namespace wcam {
namespace {

using test::photograph_files;

// The classes of the photographs, in the order of their names.
constexpr std::array<std::int64_t, 24> kClasses{1,   22,  84,  130, 207, 243, 282, 291, 340, 386, 404, 417,
                                                440, 508, 530, 546, 620, 701, 717, 817, 852, 920, 949, 963};

TEST(RealClassifiers, NameAsManyPhotographsAsTheyShould) {
  std::vector<RgbImage> images;
  for (const auto& file : photograph_files()) images.push_back(resize_and_crop(decode_image(file), 256, 224));
  ASSERT_EQ(images.size(), kClasses.size());

  std::vector<int> right;
  for (const CaseSpec& spec : read_models_json(test::reference_set() / "models/models.json")) {
    const Model model = Model::load(spec, "cpu");
    const at::Tensor labels = model.forward(model.to_input(images)).argmax(1);
    right.push_back(0);
    for (std::size_t i = 0; i < kClasses.size(); ++i)
      right.back() += labels[static_cast<std::int64_t>(i)].item<std::int64_t>() == kClasses[i] ? 1 : 0;
  }
  // What Python counts with Pillow's bilinear resize and a plain torch.jit.load. (With its Lanczos
  // resize: 14, 18, 21, 22.)
  EXPECT_EQ(right, (std::vector<int>{14, 19, 22, 21}));
}

// What halving a batch does to the numbers of a published classifier; reproducibility_test.cc says more of
// the demo's.
TEST(RealClassifiers, AnotherBatchSizeMovesTheirNumbersByRounding) {
  const std::vector<CaseSpec> specs = read_models_json(test::reference_set() / "models/models.json");
  const CaseSpec& spec = specs.front();
  const Model model = Model::load(spec, "cpu");
  const RgbImage image =
      resize_and_crop(decode_image(photograph_files().front()), spec.resize, spec.input_size);
  WcamSettings settings;
  settings.grid = 4;
  const Design design = make_design(settings);
  const auto explained = [&](int batch) {
    return explain_row(model, image, {"a", "source", spec.name, kClasses.front()}, settings, design, batch);
  };
  const ProfileRow eight = explained(8);
  double largest = 0;
  for (const float logit : eight.outputs) largest = std::max(largest, std::abs(static_cast<double>(logit)));
  for (const int batch : {64, 16, 4, 2, 1}) {
    const ProfileRow other = explained(batch);
    for (std::size_t i = 0; i < eight.outputs.size(); ++i)
      EXPECT_NEAR(other.outputs[i], eight.outputs[i], kRounding * largest) << batch;
    for (std::size_t i = 0; i < eight.wcam.size(); ++i)
      EXPECT_NEAR(other.wcam[i], eight.wcam[i], 1e-5) << batch;
  }
}

// The names of the photographs at hand are id and class name; the list of names gives the class's place.
TEST(ImageNet, IdsOfPhotographsAreTheClassesOfTheirNames) {
  const auto classes = read_class_names(test::reference_set() / "models/imagenet_classes.txt");
  int seen = 0;
  for (const char* folder : {"photos", "photos/odd"})
    for (const auto& entry : std::filesystem::directory_iterator(test::reference_set() / folder)) {
      const std::string stem = entry.path().stem().string();
      const auto synset = wordnet_id(label_in_name(stem));
      if (!synset) continue;
      std::string name = stem.substr(10);
      std::replace(name.begin(), name.end(), '_', ' ');
      const auto index = imagenet_class(*synset);
      ASSERT_TRUE(index) << stem;
      EXPECT_NE((", " + classes[static_cast<std::size_t>(*index)] + ",").find(", " + name + ","),
                std::string::npos)
          << stem << " is " << *index;
      ++seen;
    }
  EXPECT_EQ(seen, 29);
}

TEST(ImageNet, LandmarksAreNamesOfOneClassOnly) {
  const auto classes = read_class_names(test::reference_set() / "models/imagenet_classes.txt");
  const ClassLabels labels(1'000, {}, classes, {});
  for (const auto& [synset, name] : imagenet_landmarks())
    EXPECT_EQ(labels.find(std::string(name)), imagenet_class(synset)) << name;
}

}  // namespace
}  // namespace wcam
