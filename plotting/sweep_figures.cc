#include "plotting/sweep_figures.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <set>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/suggestion.h"
#include "common/store/results.h"
#include "common/study/case_spec.h"
#include "plotting/figure4.h"
#include "plotting/figure5.h"
#include "plotting/figure_wcam.h"
#include "plotting/panel_selection.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

const Absent kNotYet{"not yet explained"};
const Absent kNoUnaffected{"no unaffected variant"};
const Absent kNoAffected{"no affected variant"};
const Absent kNotListed{"not explained"};  // not asked for, or not yet done

std::string file_name(const std::string& path) { return fs::path(path).filename().string(); }

Picture picture_of(const Results& results, const ProfileRow& row) {
  ImageRow image = results.read_pixels(row.image, row.variant);
  return {image.size, std::move(image.pixels)};
}

constexpr std::size_t kMostListed = 8;

// Whether a name is the one asked for, or one of both ends in the other; a whole name, if there is one, goes
// before.
class AskedName {
 public:
  AskedName(std::optional<std::string> asked, const std::vector<ProfileRow>& profiles,
            std::string ProfileRow::*name)
      : asked_(std::move(asked)),
        name_(name),
        whole_(std::any_of(profiles.begin(), profiles.end(),
                           [&](const auto& row) { return asked_ && row.*name == *asked_; })) {}

  // What may have been meant, where no row fits: names as long as the one asked for, counted in '/'.
  std::string guess(const std::vector<ProfileRow>& rows) const {
    if (!asked_ || std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return fits(row); }))
      return "";
    std::set<std::string> ends;
    for (const ProfileRow& row : rows) {
      std::string end = row.*name_;
      for (auto more =
               std::count(end.begin(), end.end(), '/') - std::count(asked_->begin(), asked_->end(), '/');
           more > 0; --more)
        end.erase(0, end.find('/') + 1);
      ends.insert(end);
    }
    return did_you_mean(*asked_, {ends.begin(), ends.end()});
  }

  bool fits(const ProfileRow& row) const {
    const std::string& name = row.*name_;
    return !asked_ || name == *asked_ ||
           (!whole_ && (name.ends_with("/" + *asked_) || asked_->ends_with("/" + name)));
  }

 private:
  std::optional<std::string> asked_;
  std::string ProfileRow::*name_;
  bool whole_;
};

// Results of one sweep, checked to be drawable, and what a request takes from them.
class SweepReader {
 public:
  explicit SweepReader(const FigureRequest& request)
      : request_(request), results_(Results::open(request.sweep)) {
    const std::string where = request.sweep.string();
    if (!results_.plan() || results_.header().sweep_id.empty())
      throw InputError(where +
                       " is not of a sweep: figures 4 and 5 are drawn from a sweep; draw a lone WCAM with " +
                       "'wcam plot wcam " + where + " --out X.png'");
    if (results_.profiles().empty())
      throw InputError(where +
                       " holds no explained image yet: let 'wcam run' go on until 'wcam status' shows " +
                       "explain jobs done, then draw again");
    choose_cases();
    choose_images();
  }

  const std::vector<ExplainedImage>& images() const { return images_; }
  const std::vector<std::string>& cases() const { return cases_; }
  const std::vector<ProfileRow>& profiles() const { return results_.profiles(); }
  std::string quantity() const { return quantity_of(profiles().front().estimator); }

  Picture picture(std::size_t row) const { return picture_of(results_, profiles()[row]); }

  Explanation explanation(std::size_t row) {
    ProfileRow profile = results_.read_profile(row);
    const bool doubtful = !profile.doubts.empty();
    if (doubtful) doubtful_.insert(row);
    const StoreHeader& header = results_.header();
    return {class_name(results_.plan()->find_case(profile.case_name).classes, profile.label),
            {header.grid, header.levels, results_.plan()->input_size(), std::move(profile.wcam), doubtful}};
  }
  // Explanations with doubts, each once.
  std::size_t doubtful() const { return doubtful_.size(); }

  // Why an image has no profile of this role under a case.
  Absent missing(const std::string& image, const std::string& case_name, Role role) {
    if (results_.plan()->selection.rule == SelectionRule::kListed) return kNotListed;
    if (!kinds_) kinds_ = predicted_kinds(results_.read_predictions());
    const auto found = kinds_->find({image, case_name});
    if (found == kinds_->end()) return kNotYet;
    if (role == Role::kUnaffected && !found->second.unaffected) return kNoUnaffected;
    if (role == Role::kAltered && !found->second.affected) return kNoAffected;
    return kNotYet;
  }

  // Why an image has no altered variant: one that is affected under any case of the sweep.
  Absent missing_altered(const std::string& image) {
    for (const CaseSpec& spec : results_.plan()->cases)
      if (Absent why = missing(image, spec.name, Role::kAltered); why.words != kNoAffected.words) return why;
    return kNoAffected;
  }

 private:
  void choose_cases() {
    std::vector<std::string> known;
    for (const CaseSpec& spec : results_.plan()->cases) known.push_back(spec.name);
    const auto& asked = request_.cases;
    for (const auto& name : asked)
      if (std::find(known.begin(), known.end(), name) == known.end())
        throw UsageError("no case '" + name + "' in " + request_.sweep.string() + but_known(name, known));
    for (const auto& name : known)
      if (asked.empty() || std::find(asked.begin(), asked.end(), name) != asked.end()) cases_.push_back(name);
  }

  void choose_images() {
    images_ = explained_images(results_.profiles());
    if (request_.images.empty()) return;
    std::vector<bool> chosen(images_.size());
    for (const std::string& asked : request_.images) {
      const AskedName name(asked, profiles(), &ProfileRow::image);
      bool found = false;
      for (std::size_t i = 0; i < images_.size(); ++i)
        if (std::to_string(images_[i].rank) == asked || name.fits(profiles()[images_[i].first_row]))
          found = chosen[i] = true;
      if (!found)
        throw UsageError("no image '" + asked + "' has been explained in " + request_.sweep.string() +
                         name.guess(profiles()) + "\n" + listed_images());
    }
    std::vector<ExplainedImage> kept;
    for (std::size_t i = 0; i < images_.size(); ++i)
      if (chosen[i]) kept.push_back(images_[i]);
    images_ = std::move(kept);
  }

  std::string listed_images() const {
    std::string text = counted(images_.size(), "image") + ", by number or name:";
    for (std::size_t i = 0; i < std::min(images_.size(), kMostListed); ++i)
      text += "\n  " + std::to_string(images_[i].rank) + "  " + images_[i].image;
    return text + (images_.size() > kMostListed ? "\n  ..." : "");
  }

  const FigureRequest& request_;
  Results results_;
  std::vector<std::string> cases_;
  std::vector<ExplainedImage> images_;
  std::set<std::size_t> doubtful_;       // profiles
  std::optional<PredictedKinds> kinds_;  // read when first needed
};

OrAbsent<ShownVariant> shown(SweepReader& sweep, std::size_t row) {
  const ProfileRow& profile = sweep.profiles()[row];
  const bool source = profile.role == Role::kSource;
  return ShownVariant{source ? file_name(profile.image) : readable_variant(profile.variant),
                      sweep.picture(row), sweep.explanation(row)};
}

Figure4 figure4_of(SweepReader& sweep, const ExplainedImage& image, const std::string& case_name,
                   const Figure4Rows& rows) {
  const auto panel = [&](const std::optional<std::size_t>& row, Role role) -> OrAbsent<ShownVariant> {
    if (!row) return sweep.missing(image.image, case_name, role);
    return shown(sweep, *row);
  };
  return {case_name,
          image.perturbation,
          sweep.quantity(),
          panel(rows.source, Role::kSource),
          panel(rows.unaffected, Role::kUnaffected),
          panel(rows.affected, Role::kAltered)};
}

Figure5 figure5_of(SweepReader& sweep, const ExplainedImage& image) {
  const Figure5Rows rows = figure5_rows(sweep.profiles(), image, sweep.cases());
  const auto source = rows.any_source(), altered = rows.any_altered();
  const Absent no_source = sweep.missing(image.image, sweep.cases().front(), Role::kSource);
  const Absent no_altered = altered ? no_source : sweep.missing_altered(image.image);
  const auto pictured = [&](const std::optional<std::size_t>& row, const Absent& none) -> OrAbsent<Picture> {
    if (!row) return none;
    return sweep.picture(*row);
  };
  const auto explained = [&](const std::optional<std::size_t>& row,
                             const Absent& none) -> OrAbsent<Explanation> {
    if (!row) return none;
    return sweep.explanation(*row);
  };
  Figure5 content{file_name(image.image),
                  altered ? readable_variant(sweep.profiles()[*altered].variant) : "",
                  sweep.quantity(),
                  pictured(source, no_source),
                  pictured(altered, no_altered),
                  {}};
  for (std::size_t i = 0; i < sweep.cases().size(); ++i)
    content.cases.push_back({sweep.cases()[i], explained(rows.columns[i].source, no_source),
                             explained(rows.columns[i].altered, no_altered)});
  return content;
}

void write_files(const Figure& figure, const fs::path& stem, const FigureRequest& request,
                 const OnWritten& on_written) {
  for (const Format format : request.formats) {
    DrawOptions options = request.draw;
    options.format = format;
    const fs::path file = stem.string() + "." + to_string(format);
    write_file_atomically(file, draw(figure, options));
    on_written(file);
  }
}

// "class 282 (tiger cat), logit 12.3"
std::string explained_class(const ProfileRow& profile, const std::vector<std::string>& classes) {
  const std::string number = std::to_string(profile.label), name = class_name(classes, profile.label);
  char logit[32];
  std::snprintf(logit, sizeof logit, "%.3g", static_cast<double>(profile.logit));
  return "class " + number + (name != number ? " (" + name + ")" : "") + ", logit " + logit;
}

FigureWcam lone_wcam(const Results& results, ProfileRow profile, std::vector<std::string> classes) {
  if (classes.empty() && results.plan()) classes = results.plan()->find_case(profile.case_name).classes;
  FigureWcam content;
  content.image = file_name(profile.image);
  content.variant = readable_variant(profile.variant);
  content.case_name = profile.case_name;
  content.explained = explained_class(profile, classes);
  content.quantity = quantity_of(profile.estimator);
  content.doubts = profile.doubts;
  Picture picture = picture_of(results, profile);
  content.map = {results.header().grid, results.header().levels, picture.side, std::move(profile.wcam)};
  content.picture = std::move(picture);
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
    if (chosen.size() == 1) return chosen.front();
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
           variant_.fits(profile) && (!choice_.case_name || profile.case_name == *choice_.case_name);
  }

  [[noreturn]] void refuse(const std::vector<std::size_t>& all) const {
    std::set<std::string> cases;
    for (const ProfileRow& profile : results_.profiles()) cases.insert(profile.case_name);
    if (choice_.case_name && !cases.contains(*choice_.case_name))
      throw UsageError("no case '" + *choice_.case_name + "' in " + where_ +
                       but_known(*choice_.case_name, cases));
    std::string guess = image_.guess(results_.profiles());
    if (guess.empty()) guess = variant_.guess(results_.profiles());
    throw UsageError(where_ + " holds no WCAM of " + asked() +
                     (guess.empty() ? ", but " : guess + " It holds ") + listed(all));
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
    return joined(words);
  }

  // In the order of the rows.
  std::string listed(std::vector<std::size_t> some) const {
    std::sort(some.begin(), some.end(),
              [&](std::size_t a, std::size_t b) { return results_.row(a) < results_.row(b); });
    std::string text = counted(some.size(), "WCAM") + ":";
    for (std::size_t k = 0; k < std::min(some.size(), kMostListed); ++k) {
      const ProfileRow& profile = results_.profiles()[some[k]];
      text += "\n  " + (one_file_ ? "row " + std::to_string(results_.row(some[k])) + ": " : "") + "--image " +
              profile.image + " --variant " + profile.variant + " --case " + profile.case_name;
    }
    return text + (some.size() > kMostListed ? "\n  ..." : "");
  }

  const Results& results_;
  const WcamChoice& choice_;
  const std::string where_;
  const bool one_file_;
  const AskedName image_, variant_;
};

}  // namespace

std::size_t draw_figure4_files(const FigureRequest& request, const OnWritten& on_written) {
  SweepReader sweep(request);
  const fs::path folder = request.out / "figure-4";
  make_directories(folder);
  for (const ExplainedImage& image : sweep.images())
    for (const auto& case_name : sweep.cases()) {
      const Figure4Rows rows = figure4_rows(sweep.profiles(), image, case_name);
      if (!rows.source && !rows.unaffected && !rows.affected) continue;
      write_files(figure4(figure4_of(sweep, image, case_name, rows)),
                  folder / (image.perturbation + "_" + case_name + "_" + std::to_string(image.rank)), request,
                  on_written);
    }
  return sweep.doubtful();
}

std::size_t draw_figure5_files(const FigureRequest& request, const OnWritten& on_written) {
  SweepReader sweep(request);
  const fs::path folder = request.out / "figure-5";
  make_directories(folder);
  for (const ExplainedImage& image : sweep.images())
    write_files(figure5(figure5_of(sweep, image)),
                folder / ("robust_training_" + image.perturbation + "_" + std::to_string(image.rank)),
                request, on_written);
  return sweep.doubtful();
}

void draw_wcam_file(const WcamRequest& request) {
  const Results results = Results::open(request.store);
  const std::size_t chosen = WcamChooser(results, request).chosen();
  const FigureWcam content = lone_wcam(results, results.read_profile(chosen), request.classes);
  if (request.out.has_parent_path()) make_directories(request.out.parent_path());
  DrawOptions options = request.draw;
  options.range = RangeScope::kFigure;  // one map's range is the same by any scope; this one has a bar
  write_file_atomically(request.out, draw(figure_wcam(content), options));
}

}  // namespace wcam
