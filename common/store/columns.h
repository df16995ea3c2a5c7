// The columns of each group of a store (format.md), in one place: name, member of the row and shape. Whoever
// writes or reads rows visits them, so that no column can be written and not read.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "common/store/hdf5.h"
#include "common/store/records.h"

namespace wcam::store {

// Of one row's value: a number or text; a vector; one of kTopClasses; a map [g, g]; pixels [S, S, 3].
enum class Shape { kScalar, kVector, kTop, kMap, kPixels };

// A column that files written before it was added lack: their rows have an empty text or zeros there.
inline bool may_be_absent(std::string_view column) {
  for (const std::string_view added : {"provenance", "form", "doubts", "caution", "explained", "replicate",
                                       "control_of", "severity_difference", "top_labels", "top_probabilities",
                                       "sufficient_cells", "sufficient_cells_stay"})
    if (column == added) return true;
  return false;
}

// index: small columns, read for every row at opening. arrays: large ones, read a row at a time.
// A visitor is called with (name, member pointer, shape).
template <class Row>
struct Columns;

template <>
struct Columns<ProfileRow> {
  static constexpr const char* kGroup = "profiles";
  static constexpr const char* kFirst = "profiles/job";  // its length is the group's number of rows

  template <class Visit>
  static void index(Visit&& visit) {
    visit("job", &ProfileRow::job, Shape::kScalar);
    visit("attempt", &ProfileRow::attempt, Shape::kScalar);
    visit("image", &ProfileRow::image, Shape::kScalar);
    visit("perturbation", &ProfileRow::perturbation, Shape::kScalar);
    visit("variant", &ProfileRow::variant, Shape::kScalar);
    visit("case", &ProfileRow::case_name, Shape::kScalar);
    visit("role", &ProfileRow::role, Shape::kScalar);
    visit("rank", &ProfileRow::rank, Shape::kScalar);
    visit("role_index", &ProfileRow::role_index, Shape::kScalar);
    visit("label", &ProfileRow::label, Shape::kScalar);
    visit("explained", &ProfileRow::explained, Shape::kScalar);
    visit("replicate", &ProfileRow::replicate, Shape::kScalar);
    visit("control_of", &ProfileRow::control_of, Shape::kScalar);
    visit("severity_difference", &ProfileRow::severity_difference, Shape::kScalar);
    visit("logit", &ProfileRow::logit, Shape::kScalar);
    visit("level_share", &ProfileRow::level_share, Shape::kVector);
    visit("level_contributions", &ProfileRow::level_contributions, Shape::kVector);
    visit("spectral_profile", &ProfileRow::spectral_profile, Shape::kVector);
    visit("robustness_margin", &ProfileRow::robustness_margin, Shape::kScalar);
    visit("spatial_spread", &ProfileRow::spatial_spread, Shape::kScalar);
    visit("sufficient_cells", &ProfileRow::sufficient_cells, Shape::kScalar);
    visit("sufficient_cells_stay", &ProfileRow::sufficient_cells_stay, Shape::kScalar);
    visit("forward_equivalents", &ProfileRow::forward_equivalents, Shape::kScalar);
    visit("batch_size", &ProfileRow::batch_size, Shape::kScalar);
    visit("form", &ProfileRow::form, Shape::kScalar);
    visit("seconds", &ProfileRow::seconds, Shape::kScalar);
    visit("device", &ProfileRow::device, Shape::kScalar);
    visit("provenance", &ProfileRow::provenance, Shape::kScalar);
    visit("estimator", &ProfileRow::estimator, Shape::kScalar);
    visit("doubts", &ProfileRow::doubts, Shape::kScalar);
  }
  template <class Visit>
  static void arrays(Visit&& visit) {
    visit("wcam", &ProfileRow::wcam, Shape::kMap);
    visit("standard_error", &ProfileRow::standard_error, Shape::kMap);
    visit("outputs", &ProfileRow::outputs, Shape::kVector);
  }
};

template <>
struct Columns<PredictionRow> {
  static constexpr const char* kGroup = "predictions";
  static constexpr const char* kFirst = "predictions/job";

  template <class Visit>
  static void index(Visit&& visit) {
    visit("job", &PredictionRow::job, Shape::kScalar);
    visit("attempt", &PredictionRow::attempt, Shape::kScalar);
    visit("image", &PredictionRow::image, Shape::kScalar);
    visit("perturbation", &PredictionRow::perturbation, Shape::kScalar);
    visit("variant", &PredictionRow::variant, Shape::kScalar);
    visit("case", &PredictionRow::case_name, Shape::kScalar);
    visit("label", &PredictionRow::label, Shape::kScalar);
    visit("logit", &PredictionRow::logit, Shape::kScalar);
    visit("probability", &PredictionRow::probability, Shape::kScalar);
    visit("provenance", &PredictionRow::provenance, Shape::kScalar);
  }
  template <class Visit>
  static void arrays(Visit&& visit) {
    visit("top_labels", &PredictionRow::top_labels, Shape::kTop);
    visit("top_probabilities", &PredictionRow::top_probabilities, Shape::kTop);
  }
};

template <>
struct Columns<ImageRow> {
  static constexpr const char* kGroup = "images";
  static constexpr const char* kFirst = "images/image";

  template <class Visit>
  static void index(Visit&& visit) {
    visit("image", &ImageRow::image, Shape::kScalar);
    visit("variant", &ImageRow::variant, Shape::kScalar);
  }
  template <class Visit>
  static void arrays(Visit&& visit) {
    visit("pixels", &ImageRow::pixels, Shape::kPixels);
    visit("caution", &ImageRow::caution, Shape::kScalar);
  }
};

template <class Row, class Visit>
void all_columns(Visit&& visit) {
  Columns<Row>::index(visit);
  Columns<Row>::arrays(visit);
}

template <class Row>
std::string path_of(const char* column) {
  return std::string(Columns<Row>::kGroup) + "/" + column;
}

// How a member is stored: a JobId as uint64, a vector by its elements. Text and roles are std::string.
template <class T>
struct As {
  using Stored = T;
  static const T& stored(const T& value) { return value; }
  static const T& member(const T& value) { return value; }
};
template <class T>
struct As<std::vector<T>> {
  using Stored = T;
};
template <class T, std::size_t n>
struct As<std::array<T, n>> {
  using Stored = T;
};
template <>
struct As<JobId> {
  using Stored = std::uint64_t;
  static Stored stored(JobId value) { return wcam::value(value); }
  static JobId member(Stored value) { return JobId{value}; }
};
template <>
struct As<Attempt> {
  using Stored = std::uint32_t;
  static Stored stored(Attempt value) { return wcam::value(value); }
  static Attempt member(Stored value) { return Attempt{value}; }
};
template <>
struct As<LabelKinds> {
  using Stored = std::string;
  static Stored stored(LabelKinds value) { return to_string(value); }
  static LabelKinds member(const Stored& value) { return parse_label_kinds(value); }
};
template <>
struct As<Role> {
  using Stored = std::string;
  static Stored stored(Role value) { return to_string(value); }
  static Role member(const Stored& value) { return parse_role(value); }
};

}  // namespace wcam::store
