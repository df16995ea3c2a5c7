// A sweep's plan: everything that decides its numbers, written as SWEEP/plan.json, and where its files are.
// The SHA-256 of the canonical text of the former is the sweep's id and never changes; plan.json is replaced
// when the sweep is resumed with its files in other places.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/study/case_spec.h"
#include "common/study/label_kinds.h"
#include "common/study/selection_settings.h"
#include "common/study/wcam_settings.h"

namespace wcam {

// Of one WCAM: replicate r has the design of seed WcamSettings::design_seed + r.
inline constexpr int kMostReplicates = 100;

struct PlannedImage {
  std::string path;    // below images_root, '/'-separated: the image's name everywhere
  std::string sha256;  // of the file
  // digest_of_variants(), in a family on disk. Empty: variants are made from the image.
  std::string variants_sha256 = {};
  std::optional<std::int64_t> true_label = {};  // class that it shows, from 0: the same number in every case
  // The files' name in each variant's folder, without the ending. A place, no part of the plan's identity.
  std::string variant_stem = {};
  bool operator==(const PlannedImage&) const = default;
};

// What an extended sweep was before: what of its plan was not yet so.
struct EarlierPlan {
  std::string sweep_id;
  std::size_t variants = 0, cases = 0;  // it had the first so many of Plan::variants and Plan::cases
  SelectionSettings selection;          // lists are of the images in `sample`
  LabelKinds explain;
  int replicates = 1;
  std::vector<std::string> sample;  // paths of the images that had a rank, by rank
  int nb_design = 0;                // design points of its WCAMs, where fewer than the plan's; else 0
  bool operator==(const EarlierPlan&) const = default;
};

// Variants that are predicted by one job: [begin, end), 0 being the source.
struct PredictBlock {
  std::uint16_t begin = 0, end = 0;
  std::uint16_t size() const { return static_cast<std::uint16_t>(end - begin); }
  bool operator==(const PredictBlock&) const = default;
};

struct Plan {
  std::string perturbation = "corruptions";
  // Sorted by path; the seed decides in which order they are taken. Under SelectionRule::kListed they stand
  // in the order in which they are taken.
  std::vector<PlannedImage> images;
  std::vector<std::string> variants;  // without the source
  std::vector<CaseSpec> cases;        // in the order of the figures' columns
  WcamSettings wcam;
  SelectionSettings selection;
  LabelKinds explain{LabelKind::kPredicted};  // for which labels each chosen variant is explained
  int replicates = 1;                         // with how many independent designs, 1 to kMostReplicates
  std::uint64_t seed = 95;
  std::vector<PlannedImage> frost_overlays;  // what the corruption frost lays over images; else empty
  std::vector<EarlierPlan> earlier = {};     // of an extended sweep, the first first: the last is its parent

  // Where the files are: not part of the sweep's identity, since moving data changes no number.
  std::filesystem::path images_root;
  std::filesystem::path frost_root;     // of the overlays
  std::filesystem::path variants_root;  // of a family on disk (common/study/variant_tree.h); else empty
  // What lay in these folders and was not taken, a line a folder (NotTaken): how the plan came to be, no part
  // of its identity.
  std::vector<std::string> not_taken = {};

  // Every image is resized and cropped to this; all cases agree on it.
  int input_size() const { return cases.front().input_size; }
  int resize() const { return cases.front().resize; }
  // "source" for 0, variants[variant - 1] else.
  const std::string& variant_name(std::uint16_t variant) const;
  // What the predict jobs of an image and a case predict: the source with the first plan's variants, then
  // those that each extension added.
  std::vector<PredictBlock> predict_blocks() const;
  // The one that has this variant.
  PredictBlock predict_block_of(std::uint16_t variant) const;
  JobId predict_job(const std::string& image, const PredictBlock& block, const std::string& case_name) const;
  // The ids of this sweep and of what it was before, which its files of results may have.
  std::vector<std::string> sweep_ids() const;
  // Whether this is the id of what it was when its WCAMs had fewer design points: their rows do not count.
  bool had_fewer_points(const std::string& sweep_id) const;
  // The image with this path. Throws InputError naming it when there is none.
  const PlannedImage& find_image(const std::string& path) const;
  // The case with this name. Throws InputError naming it when there is none.
  const CaseSpec& find_case(const std::string& name) const;
};

// Throws InputError: no image; true labels of some images only, or none where they are asked for; cases or
// variants none or over 10,000; cases that disagree on input_size or resize; a side that is not a multiple of
// 2^levels; names that occur twice; frost without overlays.
void check(const Plan& plan);

std::string to_json_text(const Plan& plan);
// Reads to_json_text()'s text; `origin` names it in errors. Throws InputError when it is no plan. Whether the
// plan can be run, check() says.
Plan plan_from_json_text(const std::string& text, const std::string& origin);

// The sweep's id: the plan's SHA-256, 64 hex digits.
std::string sweep_id(const Plan& plan);

// `asked` with the variants and cases that `in_sweep` has too in the order of `in_sweep`, before the others:
// another order of the same names is the same plan.
Plan in_order_of(const Plan& in_sweep, Plan asked);

// Adds the WCAMs that `from` lists and `in` does not, of images that both have, a line each that ends with
// `what`. Both have the variants and cases of `from` at the same places.
void note_unlisted(std::vector<std::string>& lines, const Plan& from, const Plan& in,
                   const std::string& what);

// What differs between two checked plans, a line a field ("seed: 95 in the sweep, 96 asked"), long values and
// lists shortened; empty: the same sweep.
std::vector<std::string> differences(const Plan& in_sweep, const Plan& asked);

}  // namespace wcam
