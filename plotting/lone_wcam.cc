#include "plotting/lone_wcam.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/command_line/suggestion.h"
#include "common/store/open_results.h"
#include "common/store/results.h"
#include "common/study/case_spec.h"
#include "common/study/wcam_options.h"
#include "plotting/asked_name.h"
#include "plotting/design_text.h"
#include "plotting/figure_wcam.h"
#include "plotting/panel_selection.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

constexpr std::size_t kMostListed = 8;

// "class 282 (tiger cat), logit 12.3"
std::string explained_class(const ProfileRow& profile, const std::vector<std::string>& classes) {
  const std::string number = std::to_string(profile.label), name = class_name(classes, profile.label);
  char logit[32];
  std::snprintf(logit, sizeof logit, "%.3g", static_cast<double>(profile.logit));
  return "class " + number + (name != number ? " (" + name + ")" : "") + ", logit " + logit;
}

// What is known of the class predicted.
void add_prediction(Explanation& explanation, const Results& results, const ProfileRow& profile,
                    const std::vector<std::string>& classes) {
  for (const PredictionRow& row : results.read_predictions()) {
    if (row.image != profile.image || row.variant != profile.variant || row.case_name != profile.case_name)
      continue;
    explanation.predicted = class_name(classes, row.label);
    if (std::isfinite(row.probability)) explanation.probability = static_cast<double>(row.probability);
  }
}

FigureWcam lone_wcam(const Results& results, ProfileRow profile, std::vector<std::string> classes) {
  const auto& plan = results.plan();
  if (classes.empty() && plan) classes = plan->find_case(profile.case_name).classes;
  FigureWcam content;
  content.image = fs::path(profile.image).filename().string();
  content.variant = readable_variant(profile.variant);
  content.case_name = profile.case_name;
  content.explained = explained_class(profile, classes);
  if (plan && plan->explain != LabelKinds{LabelKind::kPredicted} && !profile.explained.empty())
    content.explained += " (label: " + readable_labels(profile.explained) + ")";
  if (plan && plan->replicates > 1) content.explained += ", replicate " + std::to_string(profile.replicate);
  content.quantity = quantity_of(profile.estimator);
  content.doubts = profile.doubts;
  if (plan) content.design = design_text(plan->wcam, profile.forward_equivalents);
  content.explanation.explained = class_name(classes, profile.label);
  add_prediction(content.explanation, results, profile, classes);
  if (is_from_gradients(profile.estimator)) profile.standard_error.clear();
  ImageRow pixels = results.read_pixels(profile.image, profile.variant);
  const std::vector<std::string> doubts = split_list(profile.doubts);
  content.explanation.map = {
      results.header().grid,   results.header().levels,        pixels.size,
      std::move(profile.wcam), {doubts.begin(), doubts.end()}, std::move(profile.standard_error)};
  content.picture = Picture{pixels.size, std::move(pixels.pixels)};
  return content;
}

// The profile asked for, or the only one.
class WcamChooser {
 public:
  WcamChooser(const Results& results, const WcamRequest& request)
      : results_(results),
        choice_(request.choice),
        where_(request.store.string()),
        one_file_(!fs::is_directory(request.store)),
        image_(choice_.image, results.profiles(), &ProfileRow::image),
        variant_(choice_.variant, results.profiles(), &ProfileRow::variant) {}

  std::size_t chosen() const {
    if (choice_.row && !one_file_)
      throw UsageError("--row counts in one file: name one of those in " + where_ + ", such as " +
                       SweepDirectory{where_}.results().string() +
                       ", or choose with --image, --variant and --case");
    std::vector<std::size_t> all(results_.profiles().size()), chosen;
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
                 [&](std::size_t i) { return is_chosen(i); });
    if (!chosen.empty() && are_one_wcam(chosen)) return chosen.front();
    if (all.empty()) throw InputError(where_ + " holds no WCAM");
    if (choice_.row && *choice_.row >= all.size())
      throw UsageError("--row " + std::to_string(*choice_.row) + " is outside 0 to " +
                       std::to_string(all.size() - 1) + ", the rows of " + where_);
    if (chosen.empty()) refuse(all);
    throw UsageError(where_ + " holds several WCAMs" + (chosen.size() < all.size() ? " of " + asked() : "") +
                     ": choose one with " + (one_file_ ? "--row, or " : "") +
                     "--image, --variant and --case from " + listed(chosen));
  }

 private:
  bool is_chosen(std::size_t i) const {
    const ProfileRow& profile = results_.profiles()[i];
    return (!choice_.row || *choice_.row == results_.row(i)) && image_.fits(profile) &&
           variant_.fits(profile) && is_of_case(profile) &&
           (!choice_.label || profile.explained.contains(*choice_.label)) &&
           profile.replicate == choice_.replicate.value_or(profile.replicate);
  }

  bool is_of_case(const ProfileRow& profile) const {
    return profile.case_name == choice_.case_name.value_or(profile.case_name);
  }

  // But for label and replicate, of which the published ones come first.
  bool are_one_wcam(const std::vector<std::size_t>& chosen) const {
    const auto& profiles = results_.profiles();
    const ProfileRow& first = profiles[chosen.front()];
    return chosen.size() == 1 ||
           (results_.plan() && std::all_of(chosen.begin(), chosen.end(), [&](std::size_t i) {
              return profiles[i].image == first.image && profiles[i].variant == first.variant &&
                     profiles[i].case_name == first.case_name;
            }));
  }

  [[noreturn]] void refuse(const std::vector<std::size_t>& all) const {
    std::set<std::string> cases;
    for (const ProfileRow& profile : results_.profiles()) cases.insert(profile.case_name);
    if (choice_.case_name && !cases.contains(*choice_.case_name))
      throw UsageError("no case '" + *choice_.case_name + "' in " + where_ +
                       but_known(*choice_.case_name, cases));
    const Near near = nearest(all);
    std::vector<ProfileRow> rows;
    for (const std::size_t i : near.rows) rows.push_back(results_.profiles()[i]);
    std::string guess = image_.guess(results_.profiles());
    if (guess.empty()) guess = variant_.guess(rows);
    throw UsageError(where_ + " holds no WCAM of " + asked() +
                     (guess.empty() ? ", but " : guess + " It holds ") + listed(near.rows, near.of));
  }

  struct Near {
    std::vector<std::size_t> rows;
    std::string of;  // " of --image a.png, --case sin"; empty: these are all
  };
  // What may have been meant: those of the image and case asked for, else of the image, else of the case.
  Near nearest(const std::vector<std::size_t>& all) const {
    for (const auto& [by_image, by_case] : {std::pair(true, true), {true, false}, {false, true}})
      if (Near near = those_of(by_image, by_case, all); !near.rows.empty()) return near;
    return {all, ""};
  }
  Near those_of(bool by_image, bool by_case, const std::vector<std::size_t>& all) const {
    Near near;
    std::copy_if(all.begin(), all.end(), std::back_inserter(near.rows), [&](std::size_t i) {
      const ProfileRow& profile = results_.profiles()[i];
      return (!by_image || image_.fits(profile)) && (!by_case || is_of_case(profile));
    });
    std::vector<std::string> of;
    if (by_image && choice_.image) of.push_back("--image " + *choice_.image);
    if (by_case && choice_.case_name) of.push_back("--case " + *choice_.case_name);
    if (!of.empty()) near.of = " of " + joined(of);
    return near;
  }

  std::string asked() const {
    std::vector<std::string> words;
    const auto add = [&](const std::string& option, const auto& value) {
      if (value) words.push_back(option + " " + *value);
    };
    if (choice_.row) words.push_back("--row " + std::to_string(*choice_.row));
    add("--image", choice_.image);
    add("--variant", choice_.variant);
    add("--case", choice_.case_name);
    if (choice_.label) words.push_back("--label-explained " + to_string(*choice_.label));
    if (choice_.replicate) words.push_back("--replicate " + std::to_string(*choice_.replicate));
    return joined(words);
  }

  // In the order of a file's rows, which then are named; of a sweep, names that fit several rows once.
  std::string listed(std::vector<std::size_t> some, const std::string& of = "") const {
    if (one_file_)
      std::sort(some.begin(), some.end(),
                [&](std::size_t a, std::size_t b) { return results_.row(a) < results_.row(b); });
    std::vector<std::string> lines;
    for (const std::size_t i : some) {
      const ProfileRow& profile = results_.profiles()[i];
      std::string line = (one_file_ ? "row " + std::to_string(results_.row(i)) + ": " : "") + "--image " +
                         profile.image + " --variant " + profile.variant + " --case " + profile.case_name;
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
      if (lines.size() > kMostListed) break;
    }
    std::string text = counted(some.size(), "WCAM") + of + ":";
    for (std::size_t k = 0; k < std::min(lines.size(), kMostListed); ++k) text += "\n  " + lines[k];
    return text + (lines.size() > kMostListed ? "\n  ..." : "");
  }

  const Results& results_;
  const WcamChoice& choice_;
  const std::string where_;
  const bool one_file_;
  const AskedName image_, variant_;
};

}  // namespace

void draw_wcam_file(const WcamRequest& request) {
  const Results results = open_results(request.store);
  const std::size_t chosen = WcamChooser(results, request).chosen();
  FigureWcam content = lone_wcam(results, results.read_profile(chosen), request.classes);
  if (request.out.has_parent_path()) make_directories(request.out.parent_path());
  DrawOptions options = request.draw;
  if (options.style == Style::kPublished) {
    options.range = RangeScope::kFigure;     // one map's range is the same by any scope; this one has a bar
    content.explanation.map.doubts.clear();  // said in words
    return write_file_atomically(request.out, draw(published_figure_wcam(content), options));
  }
  const Page page = figure_wcam(content);
  fs::path text = request.out;
  text.replace_extension(".caption.txt");  // FIGURE.txt may be a file of the user's
  write_file_atomically(request.out, draw(page, options));
  write_file_atomically(text, caption(page, options));
}

}  // namespace wcam
