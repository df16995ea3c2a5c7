// What a classifier's outputs say about whether it is the one its entry in models.json describes. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/study/case_spec.h"
#include "worker/images/image.h"

namespace wcam {

// Outputs for some pictures, one row each.
struct Logits {
  std::int64_t classes = 0;
  std::vector<float> values;  // rows first

  std::int64_t rows() const { return classes == 0 ? 0 : std::ssize(values) / classes; }
  std::span<const float> row(std::int64_t r) const {
    return std::span(values).subspan(static_cast<std::size_t>(r * classes),
                                     static_cast<std::size_t>(classes));
  }
};

// A share with its 95 % interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927): sound at 0, at 1 and for few
// trials. trials >= 1.
struct Share {
  double value = 0, low = 0, high = 0;
};
Share wilson(std::int64_t successes, std::int64_t trials);

// For each row, whether its label is the largest logit, and among the five largest. Of equal logits the
// label's comes last, so that constant outputs hit nothing, nor do those that are no numbers.
struct Hits {
  std::vector<bool> top1, top5;
};
Hits hits(const Logits& logits, std::span<const std::int64_t> labels);
std::int64_t count(const std::vector<bool>& hits);

// How likely it is that `other` beats `declared` by so much or more on the same photographs if both are as
// good: one-sided exact McNemar test, on the photographs that only one of them gets right.
double chance_of_beating(const std::vector<bool>& other, const std::vector<bool>& declared);
// How likely guessing among so many classes gets so many right or more.
double chance_of_guessing(const std::vector<bool>& hits, std::int64_t classes);

// Another way to bring pixels of 0 to 1 before the network than the declared one.
struct Normalisation {
  std::string name;  // "not at all"; of the declared one "as models.json says"
  std::array<double, 3> mean{}, std{};
  bool reversed = false;  // blue, green, red
  std::string remedy;     // what to do when this one is right
};
// Whether its mean and std cannot be those of pixels from 0 to 1: a mean or a std greater than 1.
bool is_for_bytes(const CaseSpec& spec);

// The declared one first, then those that are usually meant when it is wrong: before all, where it
// is_for_bytes(), the same over 255.
std::vector<Normalisation> normalisations(const CaseSpec& spec);

// How the outputs spread over classes and pictures.
struct Spread {
  // Mean entropy of the soft-max over log(classes): 1 is uniform.
  double entropy_share = 0;
  // Of the logits' variance over classes, which part changes from picture to picture: 0 when all pictures
  // give the same.
  double picture_share = 0;
};
Spread spread(const Logits& logits);

// Whether nothing was learnt. On built_in_pictures(), 4 ImageNet networks and 7 demo classifiers have an
// entropy share of at most 0.70 and a picture share of at least 0.47 (on photographs, 0.47 and 0.84); of
// randomly initialised ones (ResNet-18 and -34 from 6 seeds, ResNet-50, MobileNetV2, DenseNet-121, ViT-B/16,
// ConvNeXt-T) each has an entropy share of at least 0.97 or a picture share of at most 0.23. The thresholds,
// 0.9 and 0.3, lie between.
inline constexpr double kNearUniform = 0.9, kHardlyDepends = 0.3;
bool looks_random(const Spread& spread);

// What outputs are, by what all rows have in common.
enum class OutputKind : std::uint8_t { kLogits, kProbabilities, kLogProbabilities };
OutputKind output_kind(const Logits& logits);

}  // namespace wcam
