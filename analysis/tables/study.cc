#include "analysis/tables/study.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "analysis/tables/joined_plan.h"
#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/store/open_results.h"
#include "common/study/estimator.h"
#include "common/study/perturbation.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

// The name of a folder, whatever way leads to it.
std::string name_of(const fs::path& path) {
  std::error_code unknown;
  const fs::path whole = fs::weakly_canonical(path.empty() ? "." : path, unknown);
  if (fs::is_directory(whole, unknown)) return whole.filename().string();
  const bool of_folder = whole == SweepDirectory{whole.parent_path()}.results();
  return (of_folder ? whole.parent_path().filename() : whole.stem()).string();
}

StudyPart part_of_sweep(std::size_t sweep, const fs::path& path, const Results& results) {
  StudyPart part{letter_of(sweep), name_of(path), path, results.header().sweep_id};
  std::set<std::string_view> images;
  for (const ProfileRow& row : results.profiles()) images.insert(row.image);
  part.images = images.size();
  part.cases = results.plan() ? results.plan()->cases.size() : 0;
  part.profiles = results.profiles().size();
  return part;
}

// "B:baseline=finetuned".
void rename_case(const std::string& text, const std::vector<StudyPart>& parts, std::vector<Plan>& plans) {
  const std::size_t colon = text.find(':'), equal = text.find('=', colon + 1);
  if (colon != 1 || equal == std::string::npos)
    throw UsageError("--rename " + text +
                     ": a sweep's letter, a case and its new name are wanted, as B:baseline=other");
  const auto part = std::find_if(parts.begin(), parts.end(),
                                 [&](const StudyPart& one) { return one.letter == text.substr(0, colon); });
  if (part == parts.end())
    throw UsageError("--rename " + text + ": no sweep is called " + text.substr(0, colon) + "; they are " +
                     joined(parts, [](const StudyPart& one) { return one.letter + " (" + one.name + ")"; }));
  const std::string from = text.substr(colon + 1, equal - colon - 1), to = text.substr(equal + 1);
  std::vector<CaseSpec>& cases = plans[static_cast<std::size_t>(part - parts.begin())].cases;
  const auto find = [&](const std::string& name) {
    return std::find_if(cases.begin(), cases.end(), [&](const CaseSpec& one) { return one.name == name; });
  };
  const auto known = find(from);
  if (known == cases.end())
    throw UsageError("--rename " + text + ": sweep " + part->letter + " has no case " + from + "; it has " +
                     joined(cases, &CaseSpec::name));
  if (to.empty() || find(to) != cases.end())
    throw UsageError(
        "--rename " + text + ": " +
        (to.empty() ? "the new name is missing" : "sweep " + part->letter + " has a case " + to));
  known->name = to;
}

bool are_alike(float a, float b, float largest) {
  return std::abs(double{a} - double{b}) <= kRounding * double{largest};
}

// By the logits among the outputs; those of gradients come first. Slopes move by more than rounding where a
// unit of the network is switched by it.
bool are_alike(const ProfileRow& a, const ProfileRow& b, const WcamSettings& settings) {
  if (a.outputs.size() != b.outputs.size()) return false;
  const std::size_t logits = settings.estimator == Estimator::kGradient
                                 ? static_cast<std::size_t>(settings.nb_design)
                                 : a.outputs.size();
  float largest = 0;
  for (std::size_t i = 0; i < logits; ++i) largest = std::max(largest, std::abs(a.outputs[i]));
  for (std::size_t i = 0; i < logits; ++i)
    if (!are_alike(a.outputs[i], b.outputs[i], largest)) return false;
  return true;
}

struct Place {
  std::uint32_t sweep = 0;
  std::size_t row = 0;  // of its profiles
  bool operator<(const Place& other) const { return std::tie(sweep, row) < std::tie(other.sweep, other.row); }
};

// Places in the plan of the study.
struct Subject {
  std::uint32_t image = 0;
  std::uint16_t case_index = 0, variant = 0;
  bool operator==(const Subject&) const = default;
  bool operator<(const Subject& other) const { return packed() < other.packed(); }
  std::uint64_t packed() const {
    return std::uint64_t{image} << 32U | std::uint64_t{case_index} << 16U | std::uint64_t{variant};
  }
};

// A row that counts.
struct Kept {
  Subject subject;
  Place place;
  ProfileRow row;
};

// Those of `kinds` that no other label has.
LabelKinds free_kinds(LabelKinds kinds, std::int64_t label, std::span<const Kept> others) {
  LabelKinds left;
  for (const LabelKind kind : kLabelKinds)
    if (kinds.contains(kind) && std::none_of(others.begin(), others.end(), [&](const Kept& other) {
          return other.row.label != label && other.row.explained.contains(kind);
        }))
      left.insert(kind);
  return left;
}

// What a further sweep says of why a row was explained.
void merge(ProfileRow& row, const ProfileRow& other) {
  for (const LabelKind kind : kLabelKinds)
    if (other.explained.contains(kind)) row.explained.insert(kind);
  if (!row.control_of.empty()) return;
  row.control_of = other.control_of;
  row.severity_difference = other.severity_difference;
}

// From the names in one sweep to places in the plan of the study.
struct Names {
  std::unordered_map<std::string, std::uint32_t> images;
  std::unordered_map<std::string, std::uint16_t> cases;
};

template <typename Table>
auto place_of(const std::string& name, const Table& table, const char* what) {
  const auto known = table.find(name);
  if (known == table.end())
    throw InputError(std::string("results of ") + what + " " + name + ", which the plan does not have");
  return known->second;
}

bool is_several(std::uint32_t sweeps) { return std::popcount(sweeps) > 1; }

}  // namespace

struct Study::Impl {
  std::vector<Results> sweeps;
  std::vector<StudyPart> parts;
  Overlap overlap;

  // Of several sweeps only.
  std::optional<Plan> plan;
  std::vector<std::string> remarks;
  std::vector<Names> names;  // of each sweep
  std::unordered_map<std::string, std::uint16_t> variants;
  std::vector<std::uint32_t> sweeps_of_image, sweeps_of_case;  // a bit each
  std::vector<ProfileRow> profiles;
  std::vector<Place> places;  // of profiles
  struct First {
    std::size_t sweep = 0;
    std::int64_t label = 0;
    float logit = 0;
  };
  std::unordered_map<std::uint64_t, First> shared_predictions;

  void add(const fs::path& path, Results&& sweep);
  void join(const std::vector<std::string>& renames);
  void number_names(const JoinedPlan& joined);
  std::vector<std::uint32_t> ranks_of_images();
  void join_profiles();
  void take(Kept&& row, std::vector<Kept>& kept, std::size_t same_variant);
  void find_shared_predictions();
  int images_asked() const;

  template <typename Row>
  Subject subject_of(const Row& row, std::size_t sweep) const {
    return {place_of(row.image, names[sweep].images, "image"),
            place_of(row.case_name, names[sweep].cases, "case"), place_of(row.variant, variants, "variant")};
  }
  // Names of the study for those of the sweep.
  template <typename Row>
  void name(Row& row, const Subject& subject) const {
    row.image = plan->images[subject.image].path;
    row.case_name = plan->cases[subject.case_index].name;
  }
  bool may_be_shared(const Subject& subject) const {
    return is_several(sweeps_of_image[subject.image] & sweeps_of_case[subject.case_index]);
  }
};

void Study::Impl::add(const fs::path& path, Results&& sweep) {
  parts.push_back(part_of_sweep(parts.size(), path, sweep));
  sweeps.push_back(std::move(sweep));
}

void Study::Impl::join(const std::vector<std::string>& renames) {
  std::vector<Plan> plans;
  for (std::size_t s = 0; s < sweeps.size(); ++s) {
    if (!sweeps[s].plan())
      throw InputError(parts[s].path.string() +
                       " has no plan, which says what its rows are: name a sweep, or its results.h5");
    plans.push_back(*sweeps[s].plan());
  }
  for (const std::string& text : renames) rename_case(text, parts, plans);
  JoinedPlan joined = join_plans(plans);
  plan = std::move(joined.plan);
  remarks = std::move(joined.remarks);
  number_names(joined);
  join_profiles();
  find_shared_predictions();
  plan->selection.sample_size = images_asked();
}

void Study::Impl::number_names(const JoinedPlan& joined) {
  sweeps_of_image.resize(plan->images.size());
  sweeps_of_case.resize(plan->cases.size());
  for (std::size_t s = 0; s < sweeps.size(); ++s) {
    Names& of_sweep = names.emplace_back();
    const Plan& its = *sweeps[s].plan();
    for (std::size_t i = 0; i < its.images.size(); ++i) {
      of_sweep.images.emplace(its.images[i].path, joined.images[s][i]);
      sweeps_of_image[joined.images[s][i]] |= 1U << s;
    }
    for (std::size_t c = 0; c < its.cases.size(); ++c) {
      of_sweep.cases.emplace(its.cases[c].name, joined.cases[s][c]);
      sweeps_of_case[joined.cases[s][c]] |= 1U << s;
    }
  }
  overlap.cases =
      static_cast<std::size_t>(std::count_if(sweeps_of_case.begin(), sweeps_of_case.end(), is_several));
  variants.emplace(kSourceVariant, 0);
  for (const std::string& variant : plan->variants)
    variants.emplace(variant, static_cast<std::uint16_t>(variants.size()));
}

std::vector<std::uint32_t> Study::Impl::ranks_of_images() {
  std::vector<std::uint32_t> ranks(plan->images.size()), explained_by(ranks.size());
  std::uint32_t next = 0;
  for (std::size_t s = 0; s < sweeps.size(); ++s)
    for (const ProfileRow& row : sweeps[s].profiles()) {  // by rank
      const std::uint32_t image = place_of(row.image, names[s].images, "image");
      if (explained_by[image] == 0) {
        ranks[image] = s == 0 ? row.rank : next;
        next = std::max(next, ranks[image] + 1);
      }
      explained_by[image] |= 1U << s;
    }
  overlap.images =
      static_cast<std::size_t>(std::count_if(explained_by.begin(), explained_by.end(), is_several));
  return ranks;
}

// Row by row of one variant and replicate, the sweeps in their order.
void Study::Impl::join_profiles() {
  const std::vector<std::uint32_t> ranks = ranks_of_images();
  std::vector<std::tuple<Subject, std::uint32_t, Place>> rows;
  for (std::uint32_t s = 0; s < sweeps.size(); ++s)
    for (std::size_t i = 0; i < sweeps[s].profiles().size(); ++i) {
      const ProfileRow& row = sweeps[s].profiles()[i];
      rows.emplace_back(subject_of(row, s), row.replicate, Place{s, i});
    }
  std::sort(rows.begin(), rows.end());
  std::vector<Kept> kept;
  std::size_t same_variant = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& [subject, replicate, place] = rows[i];
    if (i == 0 ||
        std::tie(subject, replicate) != std::tie(std::get<0>(rows[i - 1]), std::get<1>(rows[i - 1])))
      same_variant = kept.size();
    Kept one{subject, place, sweeps[place.sweep].profiles()[place.row]};
    name(one.row, subject);
    one.row.rank = ranks[subject.image];
    take(std::move(one), kept, same_variant);
  }
  const auto key = [](const Kept& one) {
    const LabelKind kind = one.row.explained.empty() ? LabelKind::kTrue : one.row.explained.first();
    return std::tuple(one.row.rank, one.subject.case_index, one.row.role, one.row.role_index,
                      one.subject.variant, kind, one.row.replicate);
  };
  std::sort(kept.begin(), kept.end(), [&](const Kept& a, const Kept& b) { return key(a) < key(b); });
  for (Kept& one : kept) {
    profiles.push_back(std::move(one.row));
    places.push_back(one.place);
  }
}

// kept from same_variant on: of the same variant and replicate.
void Study::Impl::take(Kept&& one, std::vector<Kept>& kept, std::size_t same_variant) {
  const std::span<Kept> others = std::span(kept).subspan(same_variant);
  if (one.row.explained.empty()) one.row.explained = published_labels(one.row.role);
  one.row.explained = free_kinds(one.row.explained, one.row.label, others);
  const auto known = std::find_if(others.begin(), others.end(),
                                  [&](const Kept& other) { return other.row.label == one.row.label; });
  if (known == others.end() && !one.row.explained.empty()) return kept.push_back(std::move(one));
  ++overlap.profiles;
  const auto read = [&](const Place& place) { return sweeps[place.sweep].read_profile(place.row); };
  // Of a label that nothing is any more: for the same kind another was explained.
  if (known == others.end() ||
      !are_alike(read(known->place), read(one.place), sweeps[known->place.sweep].plan()->wcam))
    ++overlap.unlike_profiles;
  if (known != others.end()) merge(known->row, one.row);
}

void Study::Impl::find_shared_predictions() {
  if (overlap.cases == 0 || std::none_of(sweeps_of_image.begin(), sweeps_of_image.end(), is_several)) return;
  for (std::size_t s = 0; s < sweeps.size(); ++s)
    sweeps[s].for_each_prediction([&](PredictionRow&& row) {
      const Subject subject = subject_of(row, s);
      if (!may_be_shared(subject)) return;
      const auto [known, is_first] =
          shared_predictions.emplace(subject.packed(), First{s, row.label, row.logit});
      if (is_first) return;
      ++overlap.predictions;
      const First& first = known->second;
      if (row.label != first.label || !are_alike(row.logit, first.logit, std::abs(first.logit)))
        ++overlap.unlike_predictions;
    });
}

// What several have been asked for, and have, is asked for once; never more than there are.
int Study::Impl::images_asked() const {
  std::size_t asked = 0, explained = 0;
  std::set<std::string_view> images;
  for (const ProfileRow& row : profiles) images.insert(row.image);
  for (std::size_t s = 0; s < sweeps.size(); ++s) {
    asked += static_cast<std::size_t>(sweeps[s].plan()->selection.sample_size);
    explained += parts[s].images;
  }
  const std::size_t in_all = asked - (explained - images.size());
  return static_cast<int>(std::min(in_all, std::max(plan->images.size(), images.size())));
}

Study::Study(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Study::Study(Results sweep) : impl_(std::make_unique<Impl>()) {
  const fs::path path = sweep.files().empty() ? fs::path() : sweep.files().front();
  impl_->add(path, std::move(sweep));
}
Study::~Study() = default;
Study::Study(Study&&) noexcept = default;
Study& Study::operator=(Study&&) noexcept = default;

Study Study::open(const std::vector<fs::path>& sweeps, const std::vector<std::string>& renames) {
  if (sweeps.size() > kMostSweeps)
    throw UsageError(std::to_string(sweeps.size()) + " sweeps are named, at most " +
                     std::to_string(kMostSweeps) + " can be joined");
  auto impl = std::make_unique<Impl>();
  for (const fs::path& path : sweeps) {
    if (path.empty()) throw UsageError("the name of the sweep's directory is empty");
    impl->add(path, open_results(path));
  }
  if (sweeps.size() > 1 || !renames.empty()) impl->join(renames);
  return Study(std::move(impl));
}

const std::vector<StudyPart>& Study::parts() const { return impl_->parts; }
const Overlap& Study::overlap() const { return impl_->overlap; }
const std::vector<std::string>& Study::remarks() const { return impl_->remarks; }

std::string Study::title() const {
  std::string title;
  for (const StudyPart& part : parts()) title += (title.empty() ? "" : " + ") + part.name;
  return title;
}

const StoreHeader& Study::header() const { return impl_->sweeps.front().header(); }
const std::optional<Plan>& Study::plan() const {
  return impl_->plan ? impl_->plan : impl_->sweeps.front().plan();
}
const std::vector<ProfileRow>& Study::profiles() const {
  return impl_->plan ? impl_->profiles : impl_->sweeps.front().profiles();
}

const StudyPart& Study::part_of(std::size_t i) const {
  return impl_->parts[impl_->plan ? impl_->places[i].sweep : 0];
}

ProfileRow Study::read_profile(std::size_t i) const {
  if (!impl_->plan) return impl_->sweeps.front().read_profile(i);
  const Place& place = impl_->places.at(i);
  ProfileRow row = impl_->sweeps[place.sweep].read_profile(place.row);
  ProfileRow named = impl_->profiles[i];
  for (const auto array : {&ProfileRow::wcam, &ProfileRow::standard_error, &ProfileRow::outputs})
    named.*array = std::move(row.*array);
  return named;
}

void Study::for_each_prediction(const std::function<void(PredictionRow&&, const StudyPart&)>& visit) const {
  for (std::size_t s = 0; s < impl_->sweeps.size(); ++s)
    impl_->sweeps[s].for_each_prediction([&](PredictionRow&& row) {
      if (!impl_->plan) return visit(std::move(row), impl_->parts[s]);
      const Subject subject = impl_->subject_of(row, s);
      const auto known = impl_->shared_predictions.find(subject.packed());
      if (known != impl_->shared_predictions.end() && known->second.sweep != s) return;
      impl_->name(row, subject);
      visit(std::move(row), impl_->parts[s]);
    });
}

}  // namespace wcam
