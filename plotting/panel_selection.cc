#include "plotting/panel_selection.h"

#include "common/perturbation.h"

namespace wcam {

namespace {

// The row of this role; of the altered variants, the first.
std::optional<std::size_t> find_row(std::span<const ProfileRow> profiles, const ExplainedImage& image,
                                    const std::string& case_name, Role role) {
  for (std::size_t i = image.first_row; i < image.first_row + image.rows; ++i)
    if (profiles[i].case_name == case_name && profiles[i].role == role && profiles[i].role_index == 0)
      return i;
  return std::nullopt;
}

}  // namespace

std::vector<ExplainedImage> explained_images(std::span<const ProfileRow> profiles) {
  std::vector<ExplainedImage> images;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const ProfileRow& row = profiles[i];
    if (images.empty() || images.back().rank != row.rank || images.back().image != row.image)
      images.push_back({row.rank, row.image, row.perturbation, i, 0});
    ++images.back().rows;
  }
  return images;
}

Figure4Rows figure4_rows(std::span<const ProfileRow> profiles, const ExplainedImage& image,
                         const std::string& case_name) {
  return {find_row(profiles, image, case_name, Role::kSource),
          find_row(profiles, image, case_name, Role::kUnaffected),
          find_row(profiles, image, case_name, Role::kAltered)};
}

Figure5Rows figure5_rows(std::span<const ProfileRow> profiles, const ExplainedImage& image,
                         std::span<const std::string> cases) {
  Figure5Rows rows;
  for (const auto& name : cases)
    rows.columns.push_back(
        {find_row(profiles, image, name, Role::kSource), find_row(profiles, image, name, Role::kAltered)});
  return rows;
}

std::optional<std::size_t> Figure5Rows::any_source() const {
  for (const auto& column : columns)
    if (column.source) return column.source;
  return std::nullopt;
}

std::optional<std::size_t> Figure5Rows::any_altered() const {
  for (const auto& column : columns)
    if (column.altered) return column.altered;
  return std::nullopt;
}

UnaffectedVariants unaffected_variants(std::span<const PredictionRow> predictions) {
  std::map<std::pair<std::string, std::string>, std::int64_t> sources;
  for (const PredictionRow& row : predictions)
    if (row.variant == kSourceVariant) sources[{row.image, row.case_name}] = row.label;
  UnaffectedVariants result;
  for (const PredictionRow& row : predictions) {
    const std::pair key{row.image, row.case_name};
    const auto source = sources.find(key);
    if (row.variant != kSourceVariant && source != sources.end()) result[key] |= row.label == source->second;
  }
  return result;
}

std::string readable_variant(const std::string& variant) {
  const auto first = variant.find('/');
  if (first == std::string::npos) return variant;
  const std::string name = variant.substr(first + 1);
  const auto second = name.rfind('/');
  return second == std::string::npos ? name
                                     : name.substr(0, second) + ", severity " + name.substr(second + 1);
}

std::string quantity_of(const std::string& estimator) {
  if (estimator.ends_with("-total")) return "Total-order Sobol index";
  if (estimator.ends_with("-first")) return "First-order Sobol index";
  return "Sobol index";
}

}  // namespace wcam
