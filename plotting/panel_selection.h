// Which stored profiles are the panels of a figure: pure functions over the rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/store/records.h"
#include "common/study/label_kinds.h"
#include "common/study/plan.h"

namespace wcam {

// An image of the sample with at least one profile. Its profiles are rows [first_row, first_row + rows).
struct ExplainedImage {
  std::uint32_t rank = 0;
  std::string image, perturbation;
  std::size_t first_row = 0, rows = 0;
  bool operator==(const ExplainedImage&) const = default;
};
// The images of these profiles, ordered by rank as the profiles are (Results gives them so).
std::vector<ExplainedImage> explained_images(std::span<const ProfileRow> profiles);

// Which of an image's WCAMs a figure shows, where not those that it shows by itself.
struct VariantChoice {
  std::optional<std::string> variant{};       // its whole name
  std::optional<std::uint32_t> role_index{};  // of the altered one
  // What is explained; nullopt: what is predicted, where that is not there another class.
  std::optional<LabelKind> label{};
  std::optional<std::uint32_t> replicate{};  // nullopt: the first that is there
};

// Which profiles are in figure 4, as indices into them; nullopt: not stored (yet).
struct Figure4Rows {
  std::optional<std::size_t> source, unaffected, affected;
};
// Of several variants of a role, the chosen one where it has this role, else the one with the smallest
// role_index (coordinator/queue/selection.h). A role_index, label or replicate that is not there leaves its
// place empty.
Figure4Rows figure4_rows(std::span<const ProfileRow> profiles, const ExplainedImage& image,
                         const std::string& case_name, const VariantChoice& choice = {});

struct Figure5Rows {
  struct Column {
    std::optional<std::size_t> source, altered;
  };
  std::vector<Column> columns;  // one a case, in the order asked for
  // Any of the columns' profiles, for the pictures, which are the same under all cases.
  std::optional<std::size_t> any_source() const;
  std::optional<std::size_t> any_altered() const;
};
// All columns show one altered variant, the chosen one, whatever it does, or, under the cases that it does
// not affect too: of those affected under some case of the sweep, the one with the smallest role_index, which
// is affected under most of them.
Figure5Rows figure5_rows(std::span<const ProfileRow> profiles, const ExplainedImage& image,
                         std::span<const std::string> cases, const VariantChoice& choice = {});

// How many variants an image has of each kind under a case, by its predictions: tells one that is still to be
// explained from one that does not exist.
struct VariantKinds {
  std::size_t affected = 0, unaffected = 0;
  std::size_t affected_everywhere = 0;  // under every case of the image
  bool operator==(const VariantKinds&) const = default;
};
// By (image, case), for those with predictions.
using PredictedKinds = std::map<std::pair<std::string, std::string>, VariantKinds>;
PredictedKinds predicted_kinds(std::span<const PredictionRow> predictions);

// Whether an image has WCAMs of every variant that the rule chooses of it (coordinator/queue/selection.h),
// each under some case: a variant that has none was not chosen then. By how many it chooses; false also where
// that is not known: other rules than the published one, an extended sweep, predictions that are not there.
bool all_chosen_are_there(std::span<const ProfileRow> of_image, const Plan& plan,
                          const PredictedKinds& kinds);

// "corruptions/motion-blur/3" -> "motion-blur, severity 3"; "editing/background-20" -> "background-20".
std::string readable_variant(const std::string& variant);

// "source, true".
std::string readable_labels(LabelKinds labels);

// What a map's cells hold: "Total-order Sobol index" for "jansen-total", "First-order Sobol index" for
// "jansen-first", else "Sobol index".
std::string quantity_of(const std::string& estimator);

}  // namespace wcam
