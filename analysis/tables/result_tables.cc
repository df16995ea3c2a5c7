#include "analysis/tables/result_tables.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "analysis/indices/subset_indices.h"
#include "analysis/maps/level_shares.h"
#include "common/base/error.h"
#include "common/store/columns.h"
#include "common/study/forward_plan.h"
#include "common/study/indices.h"
#include "common/study/perturbation.h"

namespace wcam {

namespace {

constexpr std::int64_t kUnknownLabel = -1;

// A stored row, and what is known of it from elsewhere.
struct Profile {
  ProfileRow stored;
  float probability = 0;            // at the label; NaN: not known
  std::vector<float> share_errors;  // [levels + 1]
  std::string sweep_id;
};
struct Prediction {
  PredictionRow stored;
  std::int64_t source_label = kUnknownLabel;
  std::string sweep_id;
};

// A column, and where its value is.
template <class Row>
struct Field {
  TableColumn column;
  std::function<Value(const Row&)> value;
};
template <class Row>
using Fields = std::vector<Field<Row>>;

template <class T>
auto widened(const T& value) {
  if constexpr (std::is_same_v<T, std::uint32_t>)
    return std::uint64_t{value};
  else
    return value;
}

template <class T>
constexpr ValueType type_of_values() {
  if constexpr (std::is_same_v<T, bool>) return ValueType::kBool;
  if constexpr (std::is_same_v<T, std::int64_t>) return ValueType::kInt64;
  if constexpr (std::is_same_v<T, std::uint64_t>) return ValueType::kUint64;
  if constexpr (std::is_same_v<T, float>) return ValueType::kFloat32;
  if constexpr (std::is_same_v<T, double>) return ValueType::kFloat64;
  if constexpr (std::is_same_v<T, std::string>) return ValueType::kText;
}

// `get` gives the value from a row.
template <class Row, class Get>
void add_field(Fields<Row>& fields, const std::string& name, Get get) {
  using T = std::decay_t<std::invoke_result_t<Get, const Row&>>;
  fields.push_back({{name, type_of_values<T>()}, [get](const Row& row) { return Value(get(row)); }});
}

// The stored columns of one value a row, and those of vectors, an entry a column, as long as in `sample`.
template <class Row, class Stored>
void add_stored_fields(Fields<Row>& fields, const Stored& sample) {
  const auto add = [&](const char* name, auto member, store::Shape shape) {
    using Member = std::decay_t<decltype(sample.*member)>;
    if constexpr (requires { (sample.*member)[0] + 1; } && !std::is_same_v<Member, std::string>) {
      if (shape == store::Shape::kMap || name == std::string_view("outputs")) return;
      for (std::size_t k = 0; k < (sample.*member).size(); ++k)
        add_field(fields, std::string(name) + "_" + std::to_string(k),
                  [member, k](const Row& row) { return (row.stored.*member)[k]; });
    } else {
      add_field(fields, name, [member](const Row& row) {
        return widened(typename store::As<Member>::Stored(store::As<Member>::stored(row.stored.*member)));
      });
    }
  };
  store::all_columns<Stored>(add);
}

Variant parsed(const std::string& variant) {
  if (variant == kSourceVariant) return {"", variant, 0};
  return parse_variant(variant);
}

// Of classes and images, as the plan has them.
class Names {
 public:
  explicit Names(const std::optional<Plan>& plan) {
    if (!plan) return;
    for (const CaseSpec& c : plan->cases) classes_.emplace(c.name, c.classes);
    for (const PlannedImage& image : plan->images)
      if (image.true_label) true_labels_.emplace(image.path, *image.true_label);
  }
  std::string of(const std::string& case_name, std::int64_t label) const {
    if (label == kUnknownLabel) return "";
    const auto known = classes_.find(case_name);
    return class_name(known == classes_.end() ? std::vector<std::string>() : known->second, label);
  }
  std::int64_t true_label(const std::string& image) const {
    const auto known = true_labels_.find(image);
    return known == true_labels_.end() ? kUnknownLabel : known->second;
  }

 private:
  std::map<std::string, std::vector<std::string>> classes_;
  std::unordered_map<std::string, std::int64_t> true_labels_;
};

// What both tables say of a row's variant, image and classes, and of a joined study the row's sweep.
template <class Row>
void add_named_fields(Fields<Row>& fields, const Names& names, bool is_joined) {
  add_field(fields, "corruption", [](const Row& row) { return parsed(row.stored.variant).name; });
  add_field(fields, "severity",
            [](const Row& row) { return std::int64_t{parsed(row.stored.variant).severity}; });
  add_field(fields, "class_name",
            [&names](const Row& row) { return names.of(row.stored.case_name, row.stored.label); });
  add_field(fields, "true_label", [&names](const Row& row) { return names.true_label(row.stored.image); });
  add_field(fields, "true_class", [&names](const Row& row) {
    return names.of(row.stored.case_name, names.true_label(row.stored.image));
  });
  if (is_joined) add_field(fields, "sweep", [](const Row& row) { return row.sweep_id; });
}

// How standard errors of shares come from outputs.
struct ShareErrors {
  explicit ShareErrors(const Plan& plan)
      : settings(plan.wcam),
        forwards(forward_plan(settings, plan.input_size())),
        areas(level_areas(settings.grid, settings.levels, plan.input_size(), settings.approximation)) {}

  std::vector<float> of(const ProfileRow& row) const {
    if (row.outputs.size() != forwards.outputs())
      throw InputError("the WCAM of " + row.image + ", " + row.variant + ", " + row.case_name + " has " +
                       std::to_string(row.outputs.size()) + " outputs, the settings of its plan make " +
                       std::to_string(forwards.outputs()));
    const std::vector<double> errors =
        forwards.gradients
            ? level_share_errors(gradient_estimate_from(row.outputs, forwards, settings), forwards, areas)
            : level_share_errors(delete_one_maps(row.outputs, forwards, settings), areas);
    return {errors.begin(), errors.end()};
  }

  WcamSettings settings;
  ForwardPlan forwards;
  LevelAreas areas;
};

std::string key_of(const std::string& image, const std::string& variant, const std::string& case_name) {
  return image + '\0' + variant + '\0' + case_name;
}

template <class Row>
std::vector<TableColumn> columns_of(const Fields<Row>& fields) {
  std::vector<TableColumn> columns;
  for (const Field<Row>& field : fields) columns.push_back(field.column);
  return columns;
}

template <class Row>
void visit_row(const Fields<Row>& fields, const Row& row, std::vector<Value>& values,
               const ResultTables::Visit& visit) {
  values.clear();
  for (const Field<Row>& field : fields) values.push_back(field.value(row));
  visit(values);
}

}  // namespace

std::vector<std::string> level_names(int levels) {
  std::vector<std::string> names{"approximation"};
  for (int level = levels; level >= 1; --level) names.push_back("level_" + std::to_string(level));
  return names;
}

struct ResultTables::Impl {
  explicit Impl(const Study& stored)
      : study(stored),
        names(study.plan()),
        probabilities(study.profiles().size(), std::numeric_limits<float>::quiet_NaN()) {
    if (study.plan()) share_errors.emplace(*study.plan());
    read_predictions();
    make_profile_fields();
    make_prediction_fields();
  }
  void read_predictions();
  void make_profile_fields();
  void make_prediction_fields();

  const Study& study;
  Names names;
  std::optional<ShareErrors> share_errors;  // nullopt: without a plan nobody knows what the outputs are
  std::vector<float> probabilities;         // of the profiles' labels
  std::unordered_map<std::string, std::int64_t> source_labels;  // by image and case
  PredictionRow sample;                                         // some prediction
  Fields<Profile> profiles;
  Fields<Prediction> predictions;
};

// Of the class that the profile explains. One that is not among the stored ones follows from its logit, since
// the ratio of two soft-max values is the exponential of their logits' difference.
float probability_of(const ProfileRow& profile, const PredictionRow& row) {
  if (row.label == profile.label) return row.probability;
  const auto top = std::find(row.top_labels.begin(), row.top_labels.end(), profile.label);
  const auto place = static_cast<std::size_t>(top - row.top_labels.begin());
  if (top != row.top_labels.end() && row.top_probabilities[place] > 0) return row.top_probabilities[place];
  return row.probability * std::exp(profile.logit - row.logit);
}

void ResultTables::Impl::read_predictions() {
  std::unordered_map<std::string, std::vector<std::size_t>> explained;
  for (std::size_t i = 0; i < study.profiles().size(); ++i) {
    const ProfileRow& row = study.profiles()[i];
    explained[key_of(row.image, row.variant, row.case_name)].push_back(i);
  }
  study.for_each_prediction([&](PredictionRow&& row, const StudyPart&) {
    if (row.variant == kSourceVariant) source_labels.emplace(key_of(row.image, "", row.case_name), row.label);
    if (const auto found = explained.find(key_of(row.image, row.variant, row.case_name));
        found != explained.end())
      for (const std::size_t i : found->second) probabilities[i] = probability_of(study.profiles()[i], row);
    sample = std::move(row);
  });
}

void ResultTables::Impl::make_profile_fields() {
  add_stored_fields(profiles, study.profiles().empty() ? ProfileRow() : study.profiles().front());
  add_named_fields(profiles, names, study.is_joined());
  add_field(profiles, "probability", [](const Profile& row) { return row.probability; });
  std::erase_if(profiles, [](const auto& field) { return field.column.name.starts_with("level_share_"); });
  const std::vector<std::string> levels = level_names(study.header().levels);
  for (std::size_t k = 0; k < levels.size(); ++k)
    add_field(profiles, "share_" + levels[k], [k](const Profile& row) { return row.stored.level_share[k]; });
  for (std::size_t k = 0; k < levels.size(); ++k)
    add_field(profiles, "share_" + levels[k] + "_se",
              [k](const Profile& row) { return row.share_errors[k]; });
  const auto grid = static_cast<std::size_t>(study.header().grid);
  const std::vector<std::size_t> map{grid, grid};
  profiles.push_back({{"wcam", ValueType::kMap, map}, [](const Profile& row) { return row.stored.wcam; }});
  profiles.push_back({{"standard_error", ValueType::kMap, map},
                      [](const Profile& row) { return row.stored.standard_error; }});
}

void ResultTables::Impl::make_prediction_fields() {
  add_stored_fields(predictions, sample);
  add_named_fields(predictions, names, study.is_joined());
  add_field(predictions, "source_label", [](const Prediction& row) { return row.source_label; });
  add_field(predictions, "affected", [](const Prediction& row) {
    return row.source_label != kUnknownLabel && row.source_label != row.stored.label;
  });
}

ResultTables::ResultTables(const Study& study) : impl_(std::make_unique<Impl>(study)) {}
ResultTables::~ResultTables() = default;

std::vector<TableColumn> ResultTables::profile_columns() const { return columns_of(impl_->profiles); }
std::vector<TableColumn> ResultTables::prediction_columns() const { return columns_of(impl_->predictions); }

void ResultTables::for_each_profile(const Visit& visit) const {
  const std::size_t levels = static_cast<std::size_t>(impl_->study.header().levels) + 1;
  std::vector<Value> values;
  for (std::size_t i = 0; i < impl_->study.profiles().size(); ++i) {
    Profile row{impl_->study.read_profile(i), impl_->probabilities[i],
                std::vector<float>(levels, std::numeric_limits<float>::quiet_NaN()),
                impl_->study.part_of(i).sweep_id};
    // 0 in rows of earlier versions.
    if (row.stored.control_of.empty())
      row.stored.severity_difference = std::numeric_limits<float>::quiet_NaN();
    if (impl_->share_errors) row.share_errors = impl_->share_errors->of(row.stored);
    visit_row(impl_->profiles, row, values, visit);
  }
}

void ResultTables::for_each_prediction(const Visit& visit) const {
  std::vector<Value> values;
  impl_->study.for_each_prediction([&](PredictionRow&& stored, const StudyPart& part) {
    const auto source = impl_->source_labels.find(key_of(stored.image, "", stored.case_name));
    const Prediction row{std::move(stored),
                         source == impl_->source_labels.end() ? kUnknownLabel : source->second,
                         part.sweep_id};
    visit_row(impl_->predictions, row, values, visit);
  });
}

}  // namespace wcam
