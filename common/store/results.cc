#include "common/store/results.h"

#include <algorithm>
#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/store/answer_choice.h"
#include "common/store/sources.h"
#include "common/store/store_file.h"

namespace fs = std::filesystem;

namespace wcam {

using store::StoreReader;

namespace {

constexpr std::size_t kOpenFiles = 32;  // enough for locality; far below the usual limit of 1,024 descriptors
constexpr std::uint64_t kIndexRows = 8192;  // read at once: a few MiB

// The most recently used files stay open. results.h5 always does, so that a pack() that replaces it meanwhile
// cannot slip another file under the row numbers held here.
class OpenFiles {
 public:
  void set_paths(std::vector<fs::path> paths, bool keep_first) {
    paths_ = std::move(paths);
    keep_first_ = keep_first;
  }
  std::size_t size() const { return paths_.size(); }
  const std::vector<fs::path>& paths() const { return paths_; }
  const fs::path& path(std::size_t source) const { return paths_[source]; }

  StoreReader& get(std::size_t source) {
    if (keep_first_ && source == 0) {
      if (!first_) first_.emplace(paths_[0]);
      return *first_;
    }
    const auto known =
        std::find_if(open_.begin(), open_.end(), [&](const auto& o) { return o.first == source; });
    if (known != open_.end()) {
      open_.splice(open_.begin(), open_, known);
    } else {
      if (open_.size() == kOpenFiles) open_.pop_back();
      open_.emplace_front(source, paths_[source]);
    }
    return open_.front().second;
  }

 private:
  std::vector<fs::path> paths_;
  bool keep_first_ = false;
  std::optional<StoreReader> first_;
  std::list<std::pair<std::size_t, StoreReader>> open_;
};

struct Place {
  std::uint32_t source = 0;
  std::uint64_t row = 0;
};

// How many WCAMs a sweep has done at least.
struct Done {
  std::string sweep_id;
  std::size_t wcams = 0;
};

}  // namespace

struct Results::Impl {
  StoreHeader header;
  std::optional<Plan> plan;
  OpenFiles files;
  bool packed = false;  // file 0 is results.h5
  std::vector<ProfileRow> profiles;
  std::vector<Place> places;  // of profiles
  std::map<std::pair<std::string, std::string>, Place> pixels;
  std::set<std::size_t> with_predictions;
  std::optional<store::AnswerChoice> chosen_predictions;  // once it was asked for
  Done expected;
  std::vector<store::LeftOut> left_out;

  void open_file(const fs::path& path);
  void open_sweep(const fs::path& root);
  std::vector<std::string> sweep_ids() const;
  void index();
  void index_profiles(std::size_t source, std::vector<ProfileRow>& rows, std::vector<Place>& rows_at);
  void index_images(std::size_t source);
  void sort_profiles();
  const store::AnswerChoice& prediction_choice();
  std::uint32_t number(std::size_t source) const { return store::number_of(source, packed); }
};

namespace {

// Of a sweep at rest, as its coordinator has left word.
Done done_by(const SweepDirectory& sweep) try {
  if (!fs::exists(sweep.status())) return {};
  const auto status = nlohmann::json::parse(read_file(sweep.status()));
  if (status.at("running").get<bool>()) return {};
  return {status.at("sweep").get<std::string>(),
          status.at("jobs").at("explain").at("done").get<std::size_t>()};
} catch (const nlohmann::json::exception&) {  // whoever asks for the status is told
  return {};
} catch (const InputError&) {  // being replaced
  return {};
}

std::optional<Plan> plan_of(const std::string& text, const std::string& origin) {
  if (text.empty()) return std::nullopt;
  return plan_from_json_text(text, origin);
}

}  // namespace

void Results::Impl::open_file(const fs::path& path) {
  files.set_paths({path}, true);
  header = files.get(0).header();
  plan = plan_of(files.get(0).plan_text(), path.string());
}

void Results::Impl::open_sweep(const fs::path& root) {
  const SweepDirectory sweep{root};
  expected = done_by(sweep);  // before the segments are listed, which may become more
  store::Sources sources = store::sources_of(sweep);
  packed = sources.packed;
  if (fs::exists(sweep.plan())) {
    // The plan in the directory says which sweep this is; files must agree with it.
    plan = plan_from_json_text(read_file(sweep.plan()), sweep.plan().string());
    header = {sweep_id(*plan), plan->wcam.grid, plan->wcam.levels};
  } else {
    if (sources.files.empty())
      throw InputError(root.string() +
                       " is no sweep: neither plan.json nor results.h5 nor segments are in it");
    StoreReader first(sources.files.front());
    header = first.header();
    plan = plan_of(first.plan_text(), first.path());
  }
  const std::vector<std::string> ids = sweep_ids();
  left_out = store::leave_out_unsound(sources, [&](std::size_t source) {
    StoreReader file(sources.files[source]);
    store::check_sound(file, header, ids);
  });
  files.set_paths(std::move(sources.files), packed);
}

std::vector<std::string> Results::Impl::sweep_ids() const {
  std::vector<std::string> ids{header.sweep_id};
  if (plan)
    for (const EarlierPlan& before : plan->earlier) ids.push_back(before.sweep_id);
  return ids;
}

void Results::Impl::index_profiles(std::size_t source, std::vector<ProfileRow>& rows,
                                   std::vector<Place>& rows_at) {
  StoreReader& file = files.get(source);
  if (plan && plan->had_fewer_points(file.header().sweep_id)) return;
  const std::uint64_t count = file.rows<ProfileRow>();
  if (rows.empty()) rows.reserve(count);  // results.h5 has most of them
  for (std::uint64_t first = 0; first < count; first += kIndexRows) {
    const std::uint64_t some = std::min(kIndexRows, count - first);
    const std::size_t at = rows.size();
    rows.resize(at + some);
    file.read_index(first, std::span(rows).subspan(at));
    for (std::uint64_t i = 0; i < some; ++i)
      rows_at.push_back({static_cast<std::uint32_t>(source), first + i});
  }
}

void Results::Impl::index_images(std::size_t source) {
  StoreReader& file = files.get(source);
  const std::uint64_t count = file.rows<ImageRow>();
  std::vector<ImageRow> rows(count);
  if (count > 0) file.read_index(0, std::span(rows));
  for (std::uint64_t i = 0; i < count; ++i)
    pixels.try_emplace({std::move(rows[i].image), std::move(rows[i].variant)},
                       Place{static_cast<std::uint32_t>(source), i});
}

void Results::Impl::index() {
  store::AnswerChoice choice;
  const std::vector<std::string> ids = sweep_ids();
  for (std::size_t source = 0; source < files.size(); ++source) {
    store::check_belongs(files.get(source), header, ids);
    const std::size_t known = profiles.size();
    index_profiles(source, profiles, places);
    for (std::size_t i = known; i < profiles.size(); ++i)
      choice.offer({profiles[i].job, profiles[i].attempt, number(source)});
    index_images(source);
    if (files.get(source).rows<PredictionRow>() > 0) with_predictions.insert(source);
  }
  choice.settle();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (!choice.take({profiles[i].job, profiles[i].attempt, number(places[i].source)})) continue;
    if (kept != i) {
      profiles[kept] = std::move(profiles[i]);
      places[kept] = places[i];
    }
    ++kept;
  }
  profiles.resize(kept);
  places.resize(kept);
  sort_profiles();
}

void Results::Impl::sort_profiles() {
  // Cases in the plan's order; without a plan, or unknown to it, by name after those.
  std::map<std::string, std::size_t> position;
  if (plan)
    for (const CaseSpec& c : plan->cases) position.emplace(c.name, position.size());
  std::set<std::string> unknown;
  for (const ProfileRow& row : profiles)
    if (!position.contains(row.case_name)) unknown.insert(row.case_name);
  for (const std::string& name : unknown) position.emplace(name, position.size());

  std::vector<std::size_t> order(profiles.size()), case_at(profiles.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    case_at[i] = position.at(profiles[i].case_name);
  }
  const auto place_of = [](LabelKinds kinds) { return kinds.empty() ? LabelKind::kTrue : kinds.first(); };
  const auto key = [&](std::size_t i) {
    const ProfileRow& row = profiles[i];
    return std::tuple(row.rank, case_at[i], row.role, row.role_index, std::string_view(row.image),
                      std::string_view(row.variant), place_of(row.explained), row.replicate, row.job);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });

  // In place, since rows are most of the memory. What belongs at i was at order[i], and has moved on if that
  // is before i.
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::size_t from = order[i];
    while (from < i) from = order[from];
    std::swap(profiles[i], profiles[from]);
    std::swap(places[i], places[from]);
  }
}

Results::Results(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Results::~Results() = default;
Results::Results(Results&&) noexcept = default;
Results& Results::operator=(Results&&) noexcept = default;

Results Results::open(const fs::path& sweep_or_file) {
  auto impl = std::make_unique<Impl>();
  if (fs::is_directory(sweep_or_file))
    impl->open_sweep(sweep_or_file);
  else
    impl->open_file(sweep_or_file);
  impl->index();
  const Done& expected = impl->expected;
  if (expected.sweep_id == impl->header.sweep_id && impl->profiles.size() < expected.wcams &&
      impl->left_out.empty())
    throw InputError(sweep_or_file.string() + " has " + std::to_string(impl->profiles.size()) + " of the " +
                     counted(expected.wcams, "WCAM") +
                     " that were done: `wcam verify` says what is gone, `wcam repair` puts back the jobs");
  return Results(std::move(impl));
}

const StoreHeader& Results::header() const { return impl_->header; }
const std::vector<fs::path>& Results::files() const { return impl_->files.paths(); }
const std::vector<store::LeftOut>& Results::left_out() const { return impl_->left_out; }
const std::optional<Plan>& Results::plan() const { return impl_->plan; }
const std::vector<ProfileRow>& Results::profiles() const { return impl_->profiles; }

std::uint64_t Results::row(std::size_t i) const { return impl_->places.at(i).row; }

ProfileRow Results::read_profile(std::size_t i) const {
  ProfileRow row = impl_->profiles.at(i);
  const Place& place = impl_->places[i];
  impl_->files.get(place.source).read_arrays(place.row, std::span(&row, 1));
  return row;
}

const store::AnswerChoice& Results::Impl::prediction_choice() {
  if (chosen_predictions) return *chosen_predictions;
  store::AnswerChoice choice;
  for (const std::size_t source : with_predictions) {
    StoreReader& file = files.get(source);
    const std::uint64_t count = file.rows<PredictionRow>();
    for (std::uint64_t first = 0; first < count; first += kIndexRows) {
      const std::uint64_t some = std::min(kIndexRows, count - first);
      const auto jobs = file.dataset("predictions/job").read<std::uint64_t>(first, some);
      const auto attempts = file.dataset("predictions/attempt").read<std::uint32_t>(first, some);
      for (std::size_t i = 0; i < some; ++i)
        if (i == 0 || jobs[i] != jobs[i - 1] || attempts[i] != attempts[i - 1])
          choice.offer({JobId{jobs[i]}, Attempt{attempts[i]}, number(source)});
    }
  }
  choice.settle();
  return chosen_predictions.emplace(std::move(choice));
}

void Results::for_each_prediction(const std::function<void(PredictionRow&&)>& visit) const {
  const store::AnswerChoice& choice = impl_->prediction_choice();
  std::vector<PredictionRow> rows;
  for (const std::size_t source : impl_->with_predictions) {
    StoreReader& file = impl_->files.get(source);
    const std::uint64_t count = file.rows<PredictionRow>();
    for (std::uint64_t first = 0; first < count; first += kIndexRows) {
      rows.assign(std::min(kIndexRows, count - first), {});
      file.read_index(first, std::span(rows));
      file.read_arrays(first, std::span(rows));
      for (PredictionRow& row : rows)
        if (choice.is_chosen({row.job, row.attempt, impl_->number(source)})) visit(std::move(row));
    }
  }
}

std::vector<PredictionRow> Results::read_predictions() const {
  std::vector<PredictionRow> rows;
  for_each_prediction([&](PredictionRow&& row) { rows.push_back(std::move(row)); });
  return rows;
}

std::size_t Results::images() const { return impl_->pixels.size(); }

bool Results::has_pixels(const std::string& image, const std::string& variant) const {
  return impl_->pixels.contains({image, variant});
}

ImageRow Results::read_pixels(const std::string& image, const std::string& variant) const {
  const auto found = impl_->pixels.find({image, variant});
  if (found == impl_->pixels.end())
    throw InputError("no pixels of " + image + ", " + variant + " are stored");
  ImageRow row;
  row.image = image;
  row.variant = variant;
  impl_->files.get(found->second.source).read_arrays(found->second.row, std::span(&row, 1));
  return row;
}

}  // namespace wcam
