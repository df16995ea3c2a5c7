#include "tests/coordinator/simulation/study.h"

namespace wcam::simulation {

namespace {

std::uint64_t mix(std::uint64_t x) {  // splitmix64's finaliser
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

Study::Study(Chance& chance) : salt_(chance.below(1U << 30U)) {
  const auto images = chance.between(2, 6);
  for (std::uint64_t i = 0; i < images; ++i)
    plan_.images.push_back({"i" + std::to_string(i) + ".png", std::string(64, 'a')});
  const auto variants = chance.between(1, 3);
  for (std::uint64_t v = 1; v <= variants; ++v)
    plan_.variants.push_back("corruptions/contrast/" + std::to_string(v));
  const auto cases = chance.between(1, 3);
  for (std::uint64_t c = 0; c < cases; ++c) {
    CaseSpec spec;
    spec.name = "case" + std::to_string(c);
    spec.file = "/models/" + spec.name + ".pt";
    spec.sha256 = std::string(64, 'b');
    plan_.cases.push_back(spec);
  }
  plan_.selection.rule = chance.one_in(4) ? SelectionRule::kAll : SelectionRule::kPublished;
  plan_.selection.sample_size = static_cast<int>(chance.between(1, images));
  plan_.selection.max_altered = static_cast<int>(chance.between(1, 2));
  plan_.selection.max_unaffected = static_cast<int>(chance.between(0, 2));
  plan_.selection.matched_controls = chance.one_in(4);
  if (chance.one_in(3)) {
    for (PlannedImage& image : plan_.images)
      image.true_label = static_cast<std::int64_t>(7 + chance.below(3));
    plan_.explain = {LabelKind::kSource, LabelKind::kTrue};
    plan_.selection.only_correct = chance.one_in(4);
  } else if (chance.one_in(3)) {
    plan_.explain.insert(LabelKind::kSource);
  }
  plan_.replicates = chance.one_in(3) ? 2 : 1;
  plan_.seed = chance.below(1'000);
  plan_.images_root = "/images";
  if (chance.one_in(2)) trouble_ = chance.between(1, 15);
}

std::uint64_t Study::hash(const std::string& a, const std::string& b, const std::string& c) const {
  std::uint64_t h = salt_;
  for (const std::string* text : {&a, &b, &c}) {
    for (const char letter : *text) h = mix(h ^ static_cast<unsigned char>(letter));
    h = mix(h + 1);
  }
  return h;
}

Fate Study::fate(JobId job, const std::string& image) const {
  if (trouble_ > 0 && hash(image, "", "bad") % 20 == 0) return Fate::kBadImage;
  const std::uint64_t h = hash(to_string(job), "", "fate");
  if (h % 100 >= trouble_) return Fate::kSound;
  static constexpr Fate kFates[] = {Fate::kFlaky, Fate::kFailing, Fate::kDegenerate, Fate::kDeadly};
  return kFates[h / 100 % 4];
}

std::int64_t Study::label(const std::string& image, const std::string& case_name,
                          const std::string& variant) const {
  return variant == "source" ? 7 : 7 + static_cast<std::int64_t>(hash(image, case_name, variant) % 3 > 0);
}

std::vector<Labels> Study::labels(const std::string& image) const {
  std::vector<Labels> by_case;
  for (const CaseSpec& spec : plan_.cases) {
    const wire::Predictions predicted = predictions(image, spec.name);
    by_case.emplace_back(predicted.label().begin(), predicted.label().end());
  }
  return by_case;
}

wire::Predictions Study::predictions(const std::string& image, const std::string& case_name) const {
  wire::Predictions predictions;
  for (std::uint16_t v = 0; v <= plan_.variants.size(); ++v) {
    predictions.add_label(label(image, case_name, plan_.variant_name(v)));
    predictions.add_logit(1);
    predictions.add_probability(0.5);
  }
  return predictions;
}

}  // namespace wcam::simulation
