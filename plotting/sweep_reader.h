// What figures take from one sweep's stored results. One thread: HDF5 has one owner.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "common/store/results.h"
#include "plotting/figure.h"
#include "plotting/panel_selection.h"

namespace wcam {

// What is taken of a sweep; nothing named: all.
struct SweepChoice {
  std::vector<std::string> images;  // ranks in the sample, or names
  std::vector<std::string> cases;
  VariantChoice variant;  // a name, or what follows a '/' of it
};

class SweepReader {
 public:
  // Throws InputError: a sweep without plan or profiles; UsageError: an image, a case or a variant that is
  // not there, naming those that are; a label or replicate of which no WCAM is there.
  SweepReader(const std::filesystem::path& sweep, SweepChoice choice);

  std::string name() const;  // "study" of a folder some/study, or of study/results.h5
  const Plan& plan() const { return *results_.plan(); }
  const std::vector<ProfileRow>& profiles() const { return results_.profiles(); }
  const std::vector<ExplainedImage>& images() const { return images_; }  // chosen, by rank
  const std::vector<std::string>& cases() const { return cases_; }       // chosen, in the plan's order
  const VariantChoice& variant() const { return choice_.variant; }

  // "Total-order Sobol index".
  std::string quantity() const;
  // How the indices came about, and how much of the sweep is there, in sentences for a caption.
  std::string design() const;
  // The class that an image shows; empty: not known. By the first case's names.
  std::string true_class(const std::string& image) const;

  struct Predicted {
    std::int64_t label = 0;
    float probability = 0;
  };
  // What the row's case predicts for its variant; null: not stored.
  const Predicted* predicted(const ProfileRow& row);

  ProfileRow profile(std::size_t row) const { return results_.read_profile(row); }  // with its arrays
  OrAbsent<Picture> picture(std::size_t row) const;  // absent: of a segment that was left out
  // A map to be shown: unless a replicate is chosen, the mean of those from `row` on, which is the first of
  // them. And one for a mean over images.
  Explanation explanation(std::size_t row);
  Map map_for_mean(std::size_t row) { return map(row, doubtful_in_means_); }
  // Profiles with doubts among those that were read for either so far, each once.
  std::size_t doubtful() const { return doubtful_.size(); }
  std::size_t doubtful_in_means() const { return doubtful_in_means_.size(); }

  // What a stored row and its replicates are, a line each: two rows with the same text draw the same.
  std::string identity(std::size_t row);

  // Why an image has no profile of this role under a case.
  Absent missing(const ExplainedImage& image, const std::string& case_name, Role role);
  // Why figure 5 has no map of its altered variant, that of `shown` under another case; nullopt: under none.
  Absent missing_altered(const ExplainedImage& image, std::optional<std::size_t> shown);

 private:
  void choose_cases();
  void choose_images();
  void choose_variant();
  void check_label_and_replicate() const;
  void check_role_index() const;
  std::span<const ProfileRow> rows_of(const ExplainedImage& image) const;
  // Why there is no profile of a variant, by its name or by its number among the altered ones.
  Absent missing_variant(const ExplainedImage& image, const std::string& variant);
  Absent missing_number(const ExplainedImage& image, const std::string& case_name, std::uint32_t number);
  // Of the row and the replicates after it that are drawn with it.
  std::size_t replicates(std::size_t row) const;
  Map map(std::size_t row, std::set<std::size_t>& doubtful);  // adds to the set the profiles with doubts
  void read_predictions();
  std::string listed_images() const;

  std::string where_;
  SweepChoice choice_;
  Results results_;
  std::vector<std::string> cases_;
  std::vector<ExplainedImage> images_;
  std::set<std::size_t> doubtful_, doubtful_in_means_;  // profiles
  // Of the predictions, once they are needed: the kinds of variants, and what was predicted where a WCAM is.
  std::optional<PredictedKinds> kinds_;
  std::map<std::tuple<std::string, std::string, std::string>, Predicted> predicted_;  // image, variant, case
};

// "a.jpg" of "cats/a.jpg".
std::string file_name(const std::string& path);

}  // namespace wcam
