#include "plotting/panel_selection.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "common/study/perturbation.h"

namespace wcam {

namespace {

bool is_of_design(const ProfileRow& row, const VariantChoice& choice) {
  return (!choice.label || row.explained.contains(*choice.label)) &&
         row.replicate == choice.replicate.value_or(row.replicate);
}

// Rows [first_row, first_row + rows) of the image, of the label and replicate chosen, for which `wanted`
// holds, the first of them. Rows are ordered by case, role, role_index, then the label predicted and the
// first replicate come first.
template <typename Predicate>
std::optional<std::size_t> find_row(std::span<const ProfileRow> profiles, const ExplainedImage& image,
                                    const VariantChoice& choice, Predicate wanted) {
  for (std::size_t i = image.first_row; i < image.first_row + image.rows; ++i)
    if (is_of_design(profiles[i], choice) && wanted(profiles[i])) return i;
  return std::nullopt;
}

std::optional<std::size_t> row_of_role(std::span<const ProfileRow> profiles, const ExplainedImage& image,
                                       const VariantChoice& choice, const std::string& case_name, Role role) {
  return find_row(profiles, image, choice,
                  [&](const ProfileRow& row) { return row.case_name == case_name && row.role == role; });
}

// "" when none is explained.
std::string altered_variant(std::span<const ProfileRow> profiles, const ExplainedImage& image,
                            const VariantChoice& choice) {
  if (choice.variant) return *choice.variant;
  const ProfileRow* first = nullptr;
  for (const ProfileRow& row : profiles.subspan(image.first_row, image.rows))
    if (is_of_design(row, choice) && row.role == Role::kAltered &&
        row.role_index == choice.role_index.value_or(row.role_index) &&
        (first == nullptr || row.role_index < first->role_index))
      first = &row;
  return first == nullptr ? "" : first->variant;
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
                         const std::string& case_name, const VariantChoice& choice) {
  const auto chosen = [&](Role role) {
    const auto where = [&](auto holds) {
      return find_row(profiles, image, choice, [&](const ProfileRow& row) {
        return row.case_name == case_name && row.role == role && holds(row);
      });
    };
    if (choice.variant)
      if (const auto found = where([&](const ProfileRow& row) { return row.variant == *choice.variant; }))
        return found;
    if (choice.role_index && role == Role::kAltered)
      return where([&](const ProfileRow& row) { return row.role_index == *choice.role_index; });
    return row_of_role(profiles, image, choice, case_name, role);
  };
  return {row_of_role(profiles, image, choice, case_name, Role::kSource), chosen(Role::kUnaffected),
          chosen(Role::kAltered)};
}

Figure5Rows figure5_rows(std::span<const ProfileRow> profiles, const ExplainedImage& image,
                         std::span<const std::string> cases, const VariantChoice& choice) {
  Figure5Rows rows;
  const std::string altered = altered_variant(profiles, image, choice);
  for (const auto& name : cases)
    rows.columns.push_back({row_of_role(profiles, image, choice, name, Role::kSource),
                            find_row(profiles, image, choice, [&](const ProfileRow& row) {
                              return row.case_name == name && row.variant == altered;
                            })});
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

PredictedKinds predicted_kinds(std::span<const PredictionRow> predictions) {
  std::map<std::pair<std::string, std::string>, std::int64_t> sources;
  for (const PredictionRow& row : predictions)
    if (row.variant == kSourceVariant) sources[{row.image, row.case_name}] = row.label;
  PredictedKinds result;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> cases_affected;  // image, variant
  for (const PredictionRow& row : predictions) {
    const std::pair key{row.image, row.case_name};
    const auto source = sources.find(key);
    if (row.variant == kSourceVariant || source == sources.end()) continue;
    VariantKinds& kinds = result[key];
    ++(row.label == source->second ? kinds.unaffected : kinds.affected);
    if (row.label != source->second) ++cases_affected[{row.image, row.variant}];
  }
  std::map<std::string_view, std::size_t> cases, everywhere;  // by image
  for (const auto& [key, unused] : result) ++cases[key.first];
  for (const auto& [key, number] : cases_affected)
    if (number == cases[key.first]) ++everywhere[key.first];
  for (auto& [key, kinds] : result) kinds.affected_everywhere = everywhere[key.first];
  return result;
}

bool all_chosen_are_there(std::span<const ProfileRow> of_image, const Plan& plan,
                          const PredictedKinds& kinds) {
  const SelectionSettings& rule = plan.selection;
  if (rule.rule != SelectionRule::kPublished || !plan.earlier.empty() || of_image.empty()) return false;
  std::size_t altered = static_cast<std::size_t>(rule.max_altered);
  for (const CaseSpec& spec : plan.cases) {
    const auto found = kinds.find({of_image.front().image, spec.name});
    if (found == kinds.end()) return false;
    altered = std::min(altered, found->second.affected_everywhere);
  }
  // Matched controls that affect another case are altered ones there, numbered behind those that were drawn.
  std::set<std::string_view> drawn;
  std::map<std::string_view, std::set<std::string_view>> unaffected;  // by case
  for (const ProfileRow& row : of_image) {
    if (row.role == Role::kAltered && row.role_index < altered) drawn.insert(row.variant);
    if (row.role == Role::kUnaffected && (!rule.matched_controls || !row.control_of.empty()))
      unaffected[row.case_name].insert(row.variant);
  }
  const std::size_t most = rule.matched_controls ? altered : static_cast<std::size_t>(rule.max_unaffected);
  return drawn.size() == altered &&
         std::all_of(plan.cases.begin(), plan.cases.end(), [&](const CaseSpec& spec) {
           const VariantKinds& of_case = kinds.at({of_image.front().image, spec.name});
           return unaffected[spec.name].size() == std::min(most, of_case.unaffected);
         });
}

std::string readable_variant(const std::string& variant) {
  const auto first = variant.find('/');
  if (first == std::string::npos) return variant;
  const std::string name = variant.substr(first + 1);
  const auto second = name.rfind('/');
  return second == std::string::npos ? name
                                     : name.substr(0, second) + ", severity " + name.substr(second + 1);
}

std::string readable_labels(LabelKinds labels) {
  std::string text;
  for (const LabelKind kind : kLabelKinds)
    if (labels.contains(kind)) text += (text.empty() ? "" : ", ") + to_string(kind);
  return text;
}

std::string quantity_of(const std::string& estimator) {
  if (estimator.ends_with("-total")) return "Total-order Sobol index";
  if (estimator.ends_with("-first")) return "First-order Sobol index";
  return "Sobol index";
}

}  // namespace wcam
