// What a report or a table is made of: the results of one sweep, or of several that are one study
// (joined_plan.h says when they are). Not thread-safe, as Results.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/store/results.h"

namespace wcam {

// One of its sweeps.
struct StudyPart {
  std::string letter;          // "A"
  std::string name;            // of its folder, or of a file that is not a folder's results.h5
  std::filesystem::path path;  // as it was opened
  std::string sweep_id;
  std::size_t images = 0, cases = 0, profiles = 0;  // explained; planned; stored
};

// What several sweeps have, and the study once: the row of the first of them counts.
struct Overlap {
  std::size_t images = 0, cases = 0;  // explained by several; of several
  std::size_t profiles = 0, predictions = 0;
  // Of these: not the same label, or logits further apart than rounding explains: by more than kRounding
  // (common/study/estimator.h) of the largest, of a WCAM on any of its masks.
  std::size_t unlike_profiles = 0, unlike_predictions = 0;
};

class Study {
 public:
  // Of one sweep: its results as they are.
  explicit Study(Results sweep);

  // Opens each of `sweeps` (Results::open). Of several, the ranks of the first come first, then those of
  // images that each other adds. Image, case, variant, label and replicate name a WCAM: one that several
  // sweeps have counts once, with what each says of why it was explained; that compares the outputs of both.
  // Takes some 900 bytes a WCAM besides those of Results, and 60 a prediction that several have.
  // renames: "B:baseline=finetuned" calls case baseline of the second sweep otherwise, so that it may stand
  // beside another of its name. Throws UsageError for a rename that is none, and InputError as
  // Results::open() and join_plans() do, and for a sweep without a plan where several are joined.
  static Study open(const std::vector<std::filesystem::path>& sweeps,
                    const std::vector<std::string>& renames);
  ~Study();
  Study(Study&&) noexcept;
  Study& operator=(Study&&) noexcept;

  const std::vector<StudyPart>& parts() const;
  bool is_joined() const { return parts().size() > 1; }
  const Overlap& overlap() const;                   // all 0 for one sweep
  const std::vector<std::string>& remarks() const;  // JoinedPlan::remarks
  // Names of its parts: "first + second".
  std::string title() const;

  // As those of Results, in the names of the study.
  const StoreHeader& header() const;
  const std::optional<Plan>& plan() const;
  const std::vector<ProfileRow>& profiles() const;
  ProfileRow read_profile(std::size_t i) const;
  void for_each_prediction(const std::function<void(PredictionRow&&, const StudyPart&)>& visit) const;
  // That has profile i.
  const StudyPart& part_of(std::size_t i) const;

 private:
  struct Impl;
  explicit Study(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wcam
