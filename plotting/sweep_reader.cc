#include "plotting/sweep_reader.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/command_line/options.h"
#include "common/command_line/suggestion.h"
#include "common/store/open_results.h"
#include "common/study/case_spec.h"
#include "common/study/wcam_options.h"
#include "plotting/asked_name.h"
#include "plotting/design_text.h"
#include "plotting/map_arithmetic.h"

namespace wcam {

namespace {

const Absent kNotYet{"not yet explained"};
const Absent kNoUnaffected{"no unaffected variant"};
const Absent kNoAltered{"no altered variant"};
const Absent kNotExplained{"not explained"};  // not asked for or not chosen, or not yet done
const Absent kNotChosen{"not chosen for this image"};
const Absent kUnaffected{"unaffected under this case"};

constexpr std::size_t kMostListed = 8;

}  // namespace

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

SweepReader::SweepReader(const std::filesystem::path& sweep, SweepChoice choice)
    : where_(sweep.string()), choice_(std::move(choice)), results_(open_results(sweep)) {
  if (!results_.plan() || results_.header().sweep_id.empty())
    throw InputError(where_ +
                     " is not of a sweep: figures 4 and 5 are drawn from a sweep; draw a lone WCAM with " +
                     "'wcam plot wcam " + where_ + " --out X.png'");
  if (results_.profiles().empty())
    throw InputError(where_ +
                     " holds no explained image yet: let 'wcam run' go on until 'wcam status' shows " +
                     "explain jobs done, then draw again");
  choose_cases();
  choose_images();
  choose_variant();
  check_label_and_replicate();
  check_role_index();
}

void SweepReader::choose_cases() {
  std::vector<std::string> known;
  for (const CaseSpec& spec : plan().cases) known.push_back(spec.name);
  for (const auto& name : choice_.cases)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw UsageError("no case '" + name + "' in " + where_ + but_known(name, known));
  for (const auto& name : known)
    if (choice_.cases.empty() ||
        std::find(choice_.cases.begin(), choice_.cases.end(), name) != choice_.cases.end())
      cases_.push_back(name);
}

void SweepReader::choose_images() {
  images_ = explained_images(profiles());
  if (choice_.images.empty()) return;
  std::vector<bool> chosen(images_.size());
  for (const std::string& asked : choice_.images) {
    const AskedName name(asked, profiles(), &ProfileRow::image);
    bool found = false;
    for (std::size_t i = 0; i < images_.size(); ++i)
      if (std::to_string(images_[i].rank) == asked || name.fits(profiles()[images_[i].first_row]))
        found = chosen[i] = true;
    if (!found)
      throw UsageError("no image '" + asked + "' has been explained in " + where_ + name.guess(profiles()) +
                       "\n" + listed_images());
  }
  std::vector<ExplainedImage> kept;
  for (std::size_t i = 0; i < images_.size(); ++i)
    if (chosen[i]) kept.push_back(images_[i]);
  images_ = std::move(kept);
}

// From here on the variant's whole name.
void SweepReader::choose_variant() {
  auto& asked = choice_.variant.variant;
  if (!asked) return;
  const AskedName name(asked, profiles(), &ProfileRow::variant);
  const auto found = std::find_if(profiles().begin(), profiles().end(), [&](const ProfileRow& row) {
    return row.role != Role::kSource && name.fits(row);
  });
  if (found == profiles().end())
    throw UsageError("no variant '" + *asked + "' has been explained in " + where_ + name.guess(profiles()));
  asked = found->variant;
}

void SweepReader::check_label_and_replicate() const {
  const auto& label = choice_.variant.label;
  const auto& replicate = choice_.variant.replicate;
  const auto any = [&](auto fits) { return std::any_of(profiles().begin(), profiles().end(), fits); };
  if (label && !any([&](const ProfileRow& row) { return row.explained.contains(*label); }))
    throw UsageError("no WCAM in " + where_ + " explains the label '" + to_string(*label) +
                     "'; its plan explains: " + to_string(plan().explain));
  if (replicate && !any([&](const ProfileRow& row) { return row.replicate == *replicate; }))
    throw UsageError("no WCAM of replicate " + std::to_string(*replicate) + " in " + where_ +
                     "; its plan has replicates 0 to " + std::to_string(plan().replicates - 1));
}

void SweepReader::check_role_index() const {
  if (!choice_.variant.role_index) return;
  std::optional<std::uint32_t> largest;
  for (const ExplainedImage& image : images_)
    for (const ProfileRow& row : rows_of(image))
      if (row.role == Role::kAltered) largest = std::max(largest.value_or(0), row.role_index);
  const std::uint32_t asked = *choice_.variant.role_index;
  if (largest && asked <= *largest) return;
  const std::string option = "--role-index " + std::to_string(asked),
                    of = (images_.size() == 1 ? images_.front().image : counted(images_.size(), "image")) +
                         " in " + where_;
  if (!largest)
    throw UsageError(option + ": no altered variant has been explained of " + of + ": leave it out");
  throw UsageError(option + " is outside 0 to " + std::to_string(*largest) +
                   ", the numbers of the altered variants that have been explained of " + of +
                   ": choose one of these, or a variant by its name with --variant");
}

std::span<const ProfileRow> SweepReader::rows_of(const ExplainedImage& image) const {
  return std::span(profiles()).subspan(image.first_row, image.rows);
}

std::size_t SweepReader::replicates(std::size_t row) const {
  if (choice_.variant.replicate) return 1;
  const auto key = [&](std::size_t i) {
    const ProfileRow& profile = profiles()[i];
    return std::tie(profile.image, profile.variant, profile.case_name, profile.label);
  };
  std::size_t end = row + 1;
  while (end < profiles().size() && key(end) == key(row)) ++end;
  return end - row;
}

std::string SweepReader::listed_images() const {
  std::string text = counted(images_.size(), "image") + ", by number or name:";
  for (std::size_t i = 0; i < std::min(images_.size(), kMostListed); ++i)
    text += "\n  " + std::to_string(images_[i].rank) + "  " + images_[i].image;
  return text + (images_.size() > kMostListed ? "\n  ..." : "");
}

std::string SweepReader::name() const {
  const std::filesystem::path path = std::filesystem::absolute(where_).lexically_normal();
  if (!std::filesystem::is_directory(path)) return path.parent_path().filename().string();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

std::string SweepReader::quantity() const { return quantity_of(profiles().front().estimator); }

std::string SweepReader::design() const {
  const std::size_t explained = explained_images(profiles()).size();
  return design_text(plan().wcam, profiles().front().forward_equivalents) +
         fmt::format(" {} of the sweep's sample of at most {} explained, {} in all.",
                     counted(explained, "image"), plan().selection.sample_size,
                     counted(profiles().size(), "map")) +
         label_text(plan().explain, choice_.variant.label) +
         replicate_text(plan(), choice_.variant.replicate);
}

std::string SweepReader::true_class(const std::string& image) const {
  const auto label = plan().find_image(image).true_label;
  return label ? class_name(plan().cases.front().classes, *label) : "";
}

OrAbsent<Picture> SweepReader::picture(std::size_t row) const {
  const ProfileRow& profile = profiles()[row];
  if (!results_.has_pixels(profile.image, profile.variant)) return Absent{"its pixels are not there"};
  ImageRow image = results_.read_pixels(profile.image, profile.variant);
  return Picture{image.size, std::move(image.pixels)};
}

Map SweepReader::map(std::size_t row, std::set<std::size_t>& doubtful) {
  std::set<std::string> doubts;
  std::vector<MapEstimate> estimates;
  for (std::size_t i = row; i < row + replicates(row); ++i) {
    ProfileRow profile = results_.read_profile(i);
    if (!profile.doubts.empty()) doubtful.insert(i);
    for (std::string& doubt : split_list(profile.doubts)) doubts.insert(std::move(doubt));
    // No error of one map is drawn then, and of replicates the spread alone tells.
    if (is_from_gradients(profile.estimator))
      std::fill(profile.standard_error.begin(), profile.standard_error.end(),
                std::numeric_limits<float>::infinity());
    estimates.push_back({std::move(profile.wcam), std::move(profile.standard_error)});
  }
  if (estimates.size() > 1)
    estimates.front() = mean_of_replicates(estimates, plan().wcam.nb_design);
  else if (is_from_gradients(profiles()[row].estimator))
    estimates.front().standard_errors.clear();
  return {results_.header().grid, results_.header().levels,
          plan().input_size(),    std::move(estimates.front().cells),
          std::move(doubts),      std::move(estimates.front().standard_errors)};
}

Explanation SweepReader::explanation(std::size_t row) {
  const ProfileRow& profile = profiles()[row];
  const auto& classes = plan().find_case(profile.case_name).classes;
  Explanation result{class_name(classes, profile.label), map(row, doubtful_)};
  if (plan().explain != LabelKinds{LabelKind::kPredicted}) result.labels = readable_labels(profile.explained);
  result.replicates = replicates(row);
  const Predicted* known = predicted(profile);
  if (known == nullptr) return result;
  result.predicted = class_name(classes, known->label);
  if (std::isfinite(known->probability)) result.probability = static_cast<double>(known->probability);
  const auto true_label = plan().find_image(profile.image).true_label;
  result.misclassified = true_label && *true_label != known->label;
  return result;
}

void SweepReader::read_predictions() {
  if (kinds_) return;
  for (const ProfileRow& row : profiles()) predicted_[{row.image, row.variant, row.case_name}];
  const std::vector<PredictionRow> rows = results_.read_predictions();
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (const PredictionRow& row : rows) {
    const std::tuple key{row.image, row.variant, row.case_name};
    if (const auto found = predicted_.find(key); found != predicted_.end()) {
      found->second = {row.label, row.probability};
      seen.insert(key);
    }
  }
  std::erase_if(predicted_, [&](const auto& entry) { return !seen.contains(entry.first); });
  kinds_ = predicted_kinds(rows);
}

const SweepReader::Predicted* SweepReader::predicted(const ProfileRow& row) {
  read_predictions();
  const auto found = predicted_.find({row.image, row.variant, row.case_name});
  return found == predicted_.end() ? nullptr : &found->second;
}

std::string SweepReader::identity(std::size_t row) {
  std::string text;
  for (std::size_t i = row; i < row + replicates(row); ++i) {
    const ProfileRow& profile = profiles()[i];
    text += fmt::format("{} {} {} {} {} {}", static_cast<std::uint64_t>(profile.job),
                        static_cast<std::uint32_t>(profile.attempt), profile.rank, profile.role_index,
                        profile.label, profile.doubts);
    if (const Predicted* known = predicted(profile))
      text += fmt::format(" {} {}", known->label, known->probability);
    text += "\n";
  }
  return text;
}

Absent SweepReader::missing(const ExplainedImage& image, const std::string& case_name, Role role) {
  if (plan().selection.rule == SelectionRule::kListed) return kNotExplained;
  read_predictions();
  const auto found = kinds_->find({image.image, case_name});
  if (found == kinds_->end()) return kNotYet;
  if (role == Role::kAltered && found->second.affected == 0) return kNoAltered;
  if (role == Role::kAltered && choice_.variant.role_index)
    return missing_number(image, case_name, *choice_.variant.role_index);
  if (role != Role::kUnaffected) return kNotYet;
  if (found->second.unaffected == 0) return kNoUnaffected;
  const auto rows = rows_of(image);
  const bool has_some = std::any_of(rows.begin(), rows.end(), [&](const ProfileRow& row) {
    return row.case_name == case_name && row.role == role;
  });
  return !has_some && all_chosen_are_there(rows, plan(), *kinds_) ? kNotChosen : kNotYet;
}

Absent SweepReader::missing_altered(const ExplainedImage& image, std::optional<std::size_t> shown) {
  if (shown) return missing_variant(image, profiles()[*shown].variant);
  if (choice_.variant.variant) return missing_variant(image, *choice_.variant.variant);
  for (const CaseSpec& spec : plan().cases)
    if (Absent why = missing(image, spec.name, Role::kAltered); why.words != kNoAltered.words) return why;
  return kNoAltered;
}

Absent SweepReader::missing_variant(const ExplainedImage& image, const std::string& variant) {
  const SelectionSettings& selection = plan().selection;
  if (selection.rule == SelectionRule::kListed) return kNotExplained;
  if (selection.rule == SelectionRule::kAll) return kNotYet;
  read_predictions();
  const auto rows = rows_of(image);
  const auto has = [&](auto holds) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const ProfileRow& row) { return row.variant == variant && holds(row); });
  };
  // Every case explains what is altered, and a matched control.
  if (has([&](const ProfileRow& row) { return row.role == Role::kAltered || selection.matched_controls; }))
    return kNotYet;
  const bool is_elsewhere = has([](const ProfileRow&) { return true; });
  return !is_elsewhere && all_chosen_are_there(rows, plan(), *kinds_) ? kNotChosen : kNotExplained;
}

Absent SweepReader::missing_number(const ExplainedImage& image, const std::string& case_name,
                                   std::uint32_t number) {
  if (figure5_rows(profiles(), image, std::vector{case_name}, choice_.variant).any_altered())
    return kUnaffected;
  const auto rows = rows_of(image);
  if (std::any_of(rows.begin(), rows.end(), [&](const ProfileRow& row) {
        return row.role == Role::kAltered && row.role_index == number;
      }))
    return kNotYet;
  return all_chosen_are_there(rows, plan(), *kinds_) ? Absent{"no altered variant " + std::to_string(number)}
                                                     : kNotExplained;
}

}  // namespace wcam
