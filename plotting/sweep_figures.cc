#include "plotting/sweep_figures.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>
#include <deque>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <utility>
#include <variant>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/sha256.h"
#include "common/base/version.h"
#include "common/study/forward_plan.h"
#include "plotting/drawing_crew.h"
#include "plotting/figure4.h"
#include "plotting/figure5.h"
#include "plotting/figure_cases.h"
#include "plotting/figure_rebuilt.h"
#include "plotting/figure_spatial.h"
#include "plotting/haar.h"
#include "plotting/map_arithmetic.h"
#include "plotting/page_layout.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

using Drawable = std::variant<Page, Figure>;

// One figure that is to be drawn.
struct Task {
  std::string stem;                // path below OUT, without ending
  std::string made_of;             // of what: two figures with the same text are the same
  std::function<Drawable()> make;  // reads it
};

// What stands in files' names for what was chosen; published figures are of the first replicate.
std::string choice_suffix(const VariantChoice& choice, bool published) {
  std::string text;
  if (choice.variant) text += "_" + safe_name(readable_variant(*choice.variant));
  if (choice.role_index) text += "_altered-" + std::to_string(*choice.role_index);
  if (choice.label) text += "_explains-" + to_string(*choice.label);
  if (choice.replicate && !published) text += "_replicate-" + std::to_string(*choice.replicate);
  return text;
}

// The same for a figure of some of a sweep's images or cases: "_image-3", "_cases-adv+sin"; "" for all. A
// list that is too long for a name is told from others of its length by a digest.
std::string some_suffix(const std::string& what, const std::vector<std::string>& some, std::size_t all) {
  constexpr std::size_t kLongest = 40;
  if (some.size() == all) return "";
  std::string list;
  for (const std::string& name : some) list += (list.empty() ? "" : "+") + name;
  if (list.size() > kLongest) list = std::to_string(some.size()) + "-" + sha256_of(list).substr(0, 8);
  return "_" + what + (some.size() == 1 ? "-" : "s-") + list;
}

std::string images_suffix(const SweepReader& sweep) {
  std::vector<std::string> ranks;
  for (const ExplainedImage& image : sweep.images()) ranks.push_back(std::to_string(image.rank));
  return some_suffix("image", ranks, explained_images(sweep.profiles()).size());
}

std::string cases_suffix(const SweepReader& sweep) {
  return some_suffix("case", sweep.cases(), sweep.plan().cases.size());
}

OrAbsent<ShownVariant> shown(SweepReader& sweep, std::size_t row) {
  const ProfileRow& profile = sweep.profiles()[row];
  const bool source = profile.role == Role::kSource;
  return ShownVariant{source ? file_name(profile.image) : readable_variant(profile.variant),
                      sweep.picture(row), sweep.explanation(row)};
}

Figure4 figure4_of(SweepReader& sweep, const ExplainedImage& image, const std::string& case_name,
                   const Figure4Rows& rows) {
  const auto panel = [&](const std::optional<std::size_t>& row, Role role) -> OrAbsent<ShownVariant> {
    if (!row) return sweep.missing(image, case_name, role);
    return shown(sweep, *row);
  };
  return {file_name(image.image),
          case_name,
          image.perturbation,
          sweep.quantity(),
          sweep.true_class(image.image),
          sweep.design(),
          panel(rows.source, Role::kSource),
          panel(rows.unaffected, Role::kUnaffected),
          panel(rows.affected, Role::kAltered)};
}

Figure5 figure5_of(SweepReader& sweep, const ExplainedImage& image, const Figure5Rows& rows) {
  const auto source = rows.any_source(), altered = rows.any_altered();
  const Absent no_source = sweep.missing(image, sweep.cases().front(), Role::kSource);
  const Absent no_altered = sweep.missing_altered(image, altered);
  const std::string variant =
      altered ? sweep.profiles()[*altered].variant : sweep.variant().variant.value_or("");
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
                  readable_variant(variant),
                  sweep.quantity(),
                  sweep.true_class(image.image),
                  sweep.design(),
                  pictured(source, no_source),
                  pictured(altered, no_altered),
                  {}};
  for (std::size_t i = 0; i < sweep.cases().size(); ++i)
    content.cases.push_back({sweep.cases()[i], explained(rows.columns[i].source, no_source),
                             explained(rows.columns[i].altered, no_altered)});
  return content;
}

// nullopt: the classifier was not asked.
std::optional<OrAbsent<Rebuilt::Sufficient>> sufficient_of(SweepReader& sweep, std::size_t row,
                                                           const Picture& photograph) {
  const ProfileRow profile = sweep.profile(row);  // the first of its replicates
  if (profile.sufficient_cells == 0) return std::nullopt;
  if (profile.sufficient_cells < 0) return Absent{"the label never returns"};
  const CaseSpec& spec = sweep.plan().find_case(profile.case_name);
  const std::vector<int> live = live_cells(sweep.plan().wcam, photograph.side);
  Rebuilt::Sufficient sufficient;
  sufficient.cells = static_cast<std::size_t>(profile.sufficient_cells);
  sufficient.of = live.size();
  if (profile.sufficient_cells_stay > 0)
    sufficient.stay = static_cast<std::size_t>(profile.sufficient_cells_stay);
  const std::vector<float> keep = largest_of(profile.wcam, live, sufficient.cells);
  sufficient.share = share_kept(profile.wcam, keep);
  sufficient.picture = {photograph.side, rebuild(photograph.rgb, photograph.side, keep, sweep.plan().wcam,
                                                 spec.mean, spec.std)};
  return sufficient;
}

OrAbsent<Rebuilt> rebuilt_of(SweepReader& sweep, const std::optional<std::size_t>& row, const Absent& none) {
  if (!row) return none;
  const OrAbsent<Picture> picture = sweep.picture(*row);
  if (std::holds_alternative<Absent>(picture)) return std::get<Absent>(picture);
  const CaseSpec& spec = sweep.plan().find_case(sweep.profiles()[*row].case_name);
  Rebuilt rebuilt{std::get<Picture>(picture), sweep.explanation(*row), {}};
  for (const double share : kRebuiltShares) {
    const std::vector<float> keep = most_important(rebuilt.explanation.map.cells, share);
    rebuilt.steps.push_back(
        {static_cast<std::size_t>(std::count(keep.begin(), keep.end(), 1.0F)),
         {rebuilt.photograph.side, rebuild(rebuilt.photograph.rgb, rebuilt.photograph.side, keep,
                                           sweep.plan().wcam, spec.mean, spec.std)}});
  }
  rebuilt.sufficient = sufficient_of(sweep, *row, rebuilt.photograph);
  return rebuilt;
}

FigureRebuilt figure_rebuilt_of(SweepReader& sweep, const ExplainedImage& image, const std::string& case_name,
                                const Figure4Rows& rows) {
  return {file_name(image.image),
          case_name,
          rows.affected ? readable_variant(sweep.profiles()[*rows.affected].variant) : "",
          sweep.true_class(image.image),
          sweep.design(),
          rebuilt_of(sweep, rows.source, sweep.missing(image, case_name, Role::kSource)),
          rebuilt_of(sweep, rows.affected, sweep.missing(image, case_name, Role::kAltered))};
}

// Of a chosen variant that one alone, where figure 4 would show another of its role in its place.
Figure4Rows rows_for_mean(const SweepReader& sweep, const ExplainedImage& image,
                          const std::string& case_name) {
  Figure4Rows rows = figure4_rows(sweep.profiles(), image, case_name, sweep.variant());
  const auto& chosen = sweep.variant().variant;
  if (chosen && rows.affected && sweep.profiles()[*rows.affected].variant != *chosen) rows.affected.reset();
  return rows;
}

// Of one case: the mean over images of what `map_of` gives of an image's rows, where it gives any.
template <typename MapOf>
OrAbsent<CaseMap> mean_over_images(SweepReader& sweep, const std::string& case_name, MapOf map_of) {
  MeanMap mean;
  Map last;
  std::size_t doubtful = 0;
  std::set<std::string> doubts;
  for (const ExplainedImage& image : sweep.images()) {
    std::optional<Map> map = map_of(rows_for_mean(sweep, image, case_name));
    if (!map) continue;
    mean.add(map->cells);
    doubtful += map->doubts.empty() ? 0 : 1;
    doubts.merge(map->doubts);
    last = std::move(*map);
  }
  if (mean.count() == 0) return Absent{"not yet explained, or nothing to explain"};
  if (mean.count() > 1) {
    last.cells = mean.mean();
    last.standard_errors = mean.standard_error();
  }
  last.doubts.clear();  // said in numbers
  return CaseMap{std::move(last), mean.count(), doubtful, std::move(doubts)};
}

std::string which_altered(const SweepReader& sweep) {
  const VariantChoice& choice = sweep.variant();
  if (choice.variant) return readable_variant(*choice.variant) + ", where it changes the prediction";
  if (choice.role_index)
    return "the altered variant with number " + std::to_string(*choice.role_index) + " of each image";
  return "the first altered variant of each image";
}

FigureMean figure_mean_of(SweepReader& sweep) {
  FigureMean content{sweep.quantity(), which_altered(sweep), sweep.design(), {}};
  const auto map_of = [&](const std::optional<std::size_t>& row) -> std::optional<Map> {
    if (!row) return std::nullopt;
    return sweep.map_for_mean(*row);
  };
  for (const std::string& name : sweep.cases())
    content.cases.push_back(
        {name, mean_over_images(sweep, name, [&](const Figure4Rows& rows) { return map_of(rows.source); }),
         mean_over_images(sweep, name, [&](const Figure4Rows& rows) { return map_of(rows.affected); })});
  return content;
}

FigureDifference figure_difference_of(SweepReader& sweep) {
  FigureDifference content{sweep.quantity(), which_altered(sweep), sweep.design(), {}};
  const auto difference_of = [&](const Figure4Rows& rows) -> std::optional<Map> {
    if (!rows.source || !rows.affected) return std::nullopt;
    Map altered = sweep.map_for_mean(*rows.affected);
    Map source = sweep.map_for_mean(*rows.source);
    altered.doubts.merge(source.doubts);
    altered.cells = difference(altered.cells, source.cells);
    altered.standard_errors = error_of_difference(altered.standard_errors, source.standard_errors);
    return altered;
  };
  for (const std::string& name : sweep.cases())
    content.cases.push_back({name, mean_over_images(sweep, name, difference_of)});
  return content;
}

// All figures of a request, as tasks.
class Tasks {
 public:
  Tasks(SweepReader& sweep, const FigureRequest& request)
      : sweep_(sweep),
        published_(request.draw.style == Style::kPublished),
        suffix_(choice_suffix(sweep.variant(), published_)) {}

  std::vector<Task> of(FigureKind kind) {
    tasks_.clear();
    switch (kind) {
      case FigureKind::kFigure4:
        each_case(kind, true);
        break;
      case FigureKind::kRebuilt:
        each_case(kind, false);
        break;
      case FigureKind::kFigure5:
        each_image(kind, "robust_training_");
        break;
      case FigureKind::kSpatial:
        each_image(kind, "");
        break;
      case FigureKind::kMean:
        of_all(kind, [&sweep = sweep_] { return figure_mean(figure_mean_of(sweep)); });
        break;
      case FigureKind::kDifference:
        of_all(kind, [&sweep = sweep_] { return figure_difference(figure_difference_of(sweep)); });
        break;
    }
    return std::move(tasks_);
  }

 private:
  // "3_chelsea", or as published "3".
  std::string number_of(const ExplainedImage& image) const {
    const std::string number = std::to_string(image.rank);
    return published_ ? number : number + "_" + safe_name(image.image);
  }

  std::string identity(const std::optional<std::size_t>& row, const Absent& none) {
    return row ? sweep_.identity(*row) : none.words + "\n";
  }

  void each_case(FigureKind kind, bool unaffected) {
    for (const ExplainedImage& image : sweep_.images())
      for (const std::string& name : sweep_.cases()) {
        const Figure4Rows rows = figure4_rows(sweep_.profiles(), image, name, sweep_.variant());
        if (!rows.source && !rows.affected && !(unaffected && rows.unaffected)) continue;
        std::string made_of = image.image + " " + name + "\n" +
                              identity(rows.source, sweep_.missing(image, name, Role::kSource)) +
                              identity(rows.affected, sweep_.missing(image, name, Role::kAltered));
        if (unaffected) made_of += identity(rows.unaffected, sweep_.missing(image, name, Role::kUnaffected));
        add(kind, image.perturbation + "_" + name + "_" + number_of(image) + suffix_, std::move(made_of),
            [&sweep = sweep_, image, name, rows, kind, published = published_]() -> Drawable {
              if (kind == FigureKind::kRebuilt)
                return figure_rebuilt(figure_rebuilt_of(sweep, image, name, rows));
              const Figure4 content = figure4_of(sweep, image, name, rows);
              if (published) return published_figure4(content);
              return figure4(content);
            });
      }
  }

  void each_image(FigureKind kind, const std::string& prefix) {
    for (const ExplainedImage& image : sweep_.images()) {
      const Figure5Rows rows = figure5_rows(sweep_.profiles(), image, sweep_.cases(), sweep_.variant());
      const Absent no_altered = sweep_.missing_altered(image, rows.any_altered());
      std::string made_of = image.image + "\n";
      for (std::size_t i = 0; i < rows.columns.size(); ++i)
        made_of += sweep_.cases()[i] + "\n" +
                   identity(rows.columns[i].source, sweep_.missing(image, sweep_.cases()[i], Role::kSource)) +
                   identity(rows.columns[i].altered, no_altered);
      add(kind, prefix + image.perturbation + "_" + number_of(image) + cases_suffix(sweep_) + suffix_,
          std::move(made_of), [&sweep = sweep_, image, rows, kind, published = published_]() -> Drawable {
            const Figure5 content = figure5_of(sweep, image, rows);
            if (kind == FigureKind::kSpatial) return figure_spatial(content);
            if (published) return published_figure5(content);
            return figure5(content);
          });
    }
  }

  void of_all(FigureKind kind, std::function<Drawable()> make) {
    std::string made_of;
    for (const ExplainedImage& image : sweep_.images())
      for (const std::string& name : sweep_.cases()) {
        const Figure4Rows rows = rows_for_mean(sweep_, image, name);
        made_of += identity(rows.source, {}) + identity(rows.affected, {});
      }
    add(kind, sweep_.images().front().perturbation + images_suffix(sweep_) + cases_suffix(sweep_) + suffix_,
        std::move(made_of), std::move(make));
  }

  void add(FigureKind kind, const std::string& name, std::string made_of, std::function<Drawable()> make) {
    tasks_.push_back(
        {to_string(kind) + "/" + name, to_string(kind) + "\n" + std::move(made_of), std::move(make)});
  }

  SweepReader& sweep_;
  const bool published_;
  const std::string suffix_;
  std::vector<Task> tasks_;
};

// OUT/drawn.txt: of each file, what it was made of.
class DrawnRecord {
 public:
  explicit DrawnRecord(fs::path file) : file_(std::move(file)) {
    if (!fs::exists(file_)) return;
    std::istringstream lines(read_file(file_));
    std::string digest, name;
    while (lines >> digest && std::getline(lines >> std::ws, name)) digests_[name] = digest;
  }
  bool says(const std::string& name, const std::string& digest) const {
    const auto found = digests_.find(name);
    return found != digests_.end() && found->second == digest;
  }
  void note(const std::string& name, const std::string& digest) { digests_[name] = digest; }
  void forget(const std::string& name) { digests_.erase(name); }
  void write() const {
    std::string text;
    for (const auto& [name, digest] : digests_) text.append(digest).append("  ").append(name).append("\n");
    write_file_atomically(file_, text);
  }

 private:
  fs::path file_;
  std::map<std::string, std::string> digests_;  // by path below OUT
};

std::string options_text(const DrawOptions& draw) {
  const auto known = [](const auto& value) { return value ? static_cast<double>(*value) : -1.0; };
  return fmt::format("wcam {} {} style {} colours {} range {} dpi {} interpolation {} width {} cut {}\n",
                     kVersion, kCommit, static_cast<int>(draw.style), known(draw.colour_map),
                     known(draw.range), known(draw.dpi), static_cast<int>(draw.interpolation), draw.width_pt,
                     draw.cut_percent);
}

// Draws tasks in their order: the calling thread reads, the crew draws, and what is finished is told in
// order.
class Studio {
 public:
  Studio(const FigureRequest& request, const OnWritten& on_written)
      : request_(request),
        on_written_(on_written),
        record_(request.out / "drawn.txt"),
        options_(options_text(request.draw)),
        crew_(std::max(request.threads, 1U)) {
    for (const Format format : request.formats) endings_.push_back("." + to_string(format));
    if (request.draw.style == Style::kPaper) endings_.push_back(".txt");
  }

  // Notes in `drawn` how many stayed as they were, and how high the others are.
  void draw(const std::vector<Task>& tasks, const std::string& sweep, DrawnFigures& drawn) {
    std::vector<std::pair<const Task*, std::string>> changed;
    for (const Task& task : tasks) {
      const std::string digest = sha256_of(options_ + sweep + "\n" + task.made_of);
      if (!request_.only_changed || !is_there(task, digest)) changed.emplace_back(&task, digest);
    }
    // Whoever is killed meanwhile leaves nothing that is taken for what it is not.
    for (const auto& [task, digest] : changed)
      for (const std::string& ending : endings_) record_.forget(task->stem + ending);
    record_.write();
    for (const auto& [task, digest] : changed) {
      // Read here, and no more of them than the crew is about to draw.
      auto content = std::make_shared<const Drawable>(task->make());
      while (pending_.size() >= 2 * std::size_t{std::max(request_.threads, 1U)}) finish_one(drawn);
      auto height = std::make_shared<double>(0);
      pending_.push_back({task->stem, digest, height, crew_.draw([this, content, height, stem = task->stem] {
                            *height = write(*content, stem);
                          })});
    }
    while (!pending_.empty()) finish_one(drawn);
    record_.write();
    drawn.unchanged = tasks.size() - changed.size();
  }

 private:
  struct Pending {
    std::string stem, digest;
    std::shared_ptr<double> height_pt;  // known once it is done
    std::future<void> done;
  };

  bool is_there(const Task& task, const std::string& digest) const {
    return std::all_of(endings_.begin(), endings_.end(), [&](const std::string& ending) {
      return record_.says(task.stem + ending, digest) && fs::exists(request_.out / (task.stem + ending));
    });
  }

  // On a thread of the crew. The height of a page, in points; 0: published figures are for no page.
  double write(const Drawable& content, const std::string& stem) const {
    DrawOptions options = request_.draw;
    for (const Format format : request_.formats) {
      options.format = format;
      write_file_atomically(
          request_.out / (stem + "." + to_string(format)),
          std::visit([&](const auto& figure) { return wcam::draw(figure, options); }, content));
    }
    const auto* page = std::get_if<Page>(&content);
    if (page == nullptr) return 0;
    write_file_atomically(request_.out / (stem + ".txt"), caption(*page, options));
    options.format = Format::kPdf;  // its height is that of all, and no pixels are made for it
    return layout_of(*page, options).height_pt;
  }

  void finish_one(DrawnFigures& drawn) {
    Pending next = std::move(pending_.front());
    pending_.pop_front();
    next.done.get();
    for (const std::string& ending : endings_) {
      record_.note(next.stem + ending, next.digest);
      if (on_written_) on_written_(request_.out / (next.stem + ending));
    }
    if (*next.height_pt > kTextHeightPt) ++drawn.too_high;
    if (*next.height_pt > drawn.highest_pt) {
      drawn.highest_pt = *next.height_pt;
      drawn.highest = next.stem;
    }
  }

  const FigureRequest& request_;
  const OnWritten& on_written_;
  DrawnRecord record_;
  const std::string options_;
  std::vector<std::string> endings_;
  std::deque<Pending> pending_;
  DrawingCrew crew_;  // last: it is stopped before what it uses goes
};

}  // namespace

std::string to_string(FigureKind kind) {
  switch (kind) {
    case FigureKind::kFigure4:
      return "figure-4";
    case FigureKind::kFigure5:
      return "figure-5";
    case FigureKind::kSpatial:
      return "spatial";
    case FigureKind::kRebuilt:
      return "rebuilt";
    case FigureKind::kMean:
      return "mean";
    case FigureKind::kDifference:
      return "difference";
  }
  return "";
}

std::string safe_name(const std::string& image) {
  constexpr std::size_t kLongest = 60;
  std::string name = fs::path(image).stem().string();
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) { return c >= 0x80 || (std::isalnum(c) == 0 && c != '-' && c != '_'); }, '_');
  return name.substr(0, kLongest);
}

DrawnFigures draw_sweep(const FigureRequest& request, const std::vector<FigureKind>& kinds,
                        const OnWritten& on_written) {
  SweepChoice choice = request.choice;
  if (request.draw.style == Style::kPublished) choice.variant.replicate = 0;
  SweepReader sweep(request.sweep, std::move(choice));
  DrawnFigures drawn;
  for (const FigureKind kind : kinds) {
    if (request.draw.style == Style::kPublished && kind != FigureKind::kFigure4 &&
        kind != FigureKind::kFigure5)
      throw UsageError("--style published has figures 4 and 5 only, not " + to_string(kind));
    make_directories(request.out / to_string(kind));
  }
  std::vector<Task> tasks;
  Tasks of_sweep(sweep, request);
  for (const FigureKind kind : kinds) {
    std::vector<Task> more = of_sweep.of(kind);
    std::move(more.begin(), more.end(), std::back_inserter(tasks));
  }
  Studio(request, on_written).draw(tasks, sweep_id(sweep.plan()) + sweep.design(), drawn);
  drawn.doubtful = sweep.doubtful();
  drawn.doubtful_in_means = sweep.doubtful_in_means();
  return drawn;
}

}  // namespace wcam
