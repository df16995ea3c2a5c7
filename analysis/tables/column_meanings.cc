#include "analysis/tables/column_meanings.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <vector>

#include "common/base/error.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

struct Meaning {
  const char* name;  // a number in it is "k"
  const char* unit;  // or range
  const char* text;
};

// In short; with formulas, of the stored ones, in common/store/format.md.
constexpr Meaning kMeanings[] = {
    {"job", "",
     "id of the job that gave the row: the same in every run of the sweep; 0: made by `wcam explain` of "
     "0.1.0"},
    {"attempt", "from 1", "which handing-out of the job this answers; 0 outside a sweep"},
    {"image", "", "path below the sweep's folder of images"},
    {"perturbation", "", "family: corruptions, imagenet-c, editing or folders"},
    {"variant", "", "what was done to the image: `source`, nothing; or e.g. `corruptions/motion-blur/3`"},
    {"case", "", "name of the classifier"},
    {"role", "",
     "why it was explained: `source`; `altered`, this case predicts another class than for the source; "
     "`unaffected`"},
    {"rank", "from 0", "of the image in the sample"},
    {"role_index", "from 0",
     "number of the altered variant among the image's, the same under all cases; of the unaffected one among "
     "the "
     "case's"},
    {"label", "class, from 0", "profiles: whose logit is explained; predictions: arg max of the logits"},
    {"explained", "",
     "what that class is, with commas: `predicted` by this case for this variant, `source`, predicted for "
     "the "
     "unaltered image, `true`, the image's true class"},
    {"replicate", "from 0", "number of the independent design; 0 is the published one"},
    {"control_of", "", "the altered variant that this one was chosen as the match of; empty: none"},
    {"severity_difference", "-4 to 4",
     "severity less that of `control_of`; empty or NaN where there is none"},
    {"logit", "logit", "of `label` on the unmasked image"},
    {"level_contributions_k", "share",
     "as published: mean of the drawn map over a level, divided by the sum of these means; no share of the "
     "importance, for which see `share_...`"},
    {"spectral_profile_k", "share of variance",
     "mean index of a subband: approximation, then from coarse to fine along W, along H, both; mode "
     "reference: another list, as published"},
    {"robustness_margin", "percent", "of the importance, in the approximation"},
    {"spatial_spread", "pixels", "how far apart the places are that matter"},
    {"sufficient_cells", "cells",
     "fewest of the most important cells, of those numbers that were asked, with which the classifier gives "
     "`label`; -1: none do; 0: not asked (--sufficient)"},
    {"sufficient_cells_stay", "cells",
     "from how many on this and all larger numbers that were asked do; -1 and 0 as before"},
    {"forward_equivalents", "forwards", "cost; a backward counts as two"},
    {"batch_size", "images", "put through the network at once"},
    {"form", "", "of the network: plain, or optimised for inference; empty: plain, before it was stored"},
    {"seconds", "seconds", "computing only"},
    {"device", "", "that computed it: cpu, cuda:0"},
    {"provenance", "", "what computed the row and with which libraries"},
    {"estimator", "", "of the indices, and their order"},
    {"doubts", "",
     "why these indices may mean nothing, with commas; empty: nothing is doubtful (docs/reading_results.md)"},
    {"corruption", "", "of the variant: `motion-blur`, `background_20`; `source`"},
    {"severity", "1 to 5", "of the variant; 0: the source, or a family without severities"},
    {"class_name", "", "of `label`; its number where the classifier came without names"},
    {"true_label", "class, from 0", "of the image; -1: the plan does not know"},
    {"true_class", "", "its name; empty: not known"},
    {"sweep", "",
     "id of the sweep that the row is of, where several are joined: `job` is unique in one of them"},
    {"probability", "0 to 1",
     "soft-max at `label`: where that is none of the stored classes, the predicted one's times the "
     "exponential "
     "of the logits' difference; empty or NaN without a stored prediction"},
    {"share_approximation", "share",
     "of the summed indices that the approximation has, the coarsest scale (level_share; cells on a border "
     "count on "
     "both sides by area)"},
    {"share_level_k", "share", "that the details of level k have; level 1 is the finest"},
    {"share_approximation_se", "share",
     "its standard error for this image, variant and design: delete-one jackknife over the design points; "
     "inf: too few "
     "of them (of gradients the estimate's own); empty or NaN without a plan. It says nothing of how images "
     "differ"},
    {"share_level_k_se", "share", "the same of `share_level_k`"},
    {"wcam", "share of variance",
     "Sobol index of each cell, [y, x] in the square of wavelet coefficients, approximation at the top left"},
    {"standard_error", "share of variance",
     "of `wcam`, delete-one jackknife over the design points; of gradients the index times the standard "
     "error "
     "of its logarithm"},
    {"top_labels_k", "class, from 0", "the five largest logits' classes, largest first; -1: there are fewer"},
    {"top_probabilities_k", "0 to 1", "soft-max at these; empty or NaN: there are fewer, or not stored"},
    {"source_label", "class, from 0", "what this case predicts for the unaltered image; -1: not stored"},
    {"affected", "true, false", "whether `label` is another than `source_label`, where that is stored"},
};

// "share_level_k_se" for share_level_3_se.
std::string pattern_of(const std::string& column) {
  std::string pattern;
  for (const char c : column) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit)
      pattern += c;
    else if (pattern.back() == '_')
      pattern += 'k';
  }
  return pattern;
}

const Meaning& meaning_of(const std::string& pattern) {
  const auto* found = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                   [&](const Meaning& m) { return pattern == m.name; });
  if (found == std::end(kMeanings)) invariant_broken("nothing is said of column " + pattern);
  return *found;
}

std::string table_text(const std::string& title, std::span<const TableColumn> columns) {
  std::string text = "\n## " + title + "\n\n| column | unit, range | meaning |\n|---|---|---|\n";
  for (std::size_t i = 0; i < columns.size();) {
    const std::string pattern = pattern_of(columns[i].name);
    std::vector<std::string> names;
    for (; i < columns.size() && pattern_of(columns[i].name) == pattern; ++i)
      names.push_back("`" + columns[i].name + "`");
    const Meaning& meaning = meaning_of(pattern);
    text += "| " + joined(names) + " | " + meaning.unit + " | " + meaning.text + " |\n";
  }
  return text;
}

}  // namespace

std::string columns_text(std::span<const TableColumn> profiles, std::span<const TableColumn> predictions) {
  return "# Columns\n\n"
         "Written by `wcam export`. CSV: UTF-8, RFC 4180; floats have the digits that give the same float32 "
         "back, NaN is\n"
         "empty. pandas takes empty texts for missing unless told `keep_default_na=False`. NPZ: "
         "`numpy.load(FILE)[COLUMN]`; it\n"
         "has the maps `wcam` and `standard_error`, too, which the CSV leaves out. What the stored columns "
         "are to the "
         "last\n"
         "detail, with formulas: common/store/format.md.\n" +
         table_text("profiles: one row a WCAM", profiles) +
         table_text("predictions: one row an image, variant and case", predictions);
}

}  // namespace wcam
