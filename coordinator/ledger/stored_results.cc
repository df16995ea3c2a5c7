#include "coordinator/ledger/stored_results.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "common/base/error.h"
#include "common/base/format_version.h"
#include "common/store/sources.h"
#include "common/store/store_file.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

using store::StoreReader;

constexpr std::uint64_t kBlockRows = 4'096;  // read at once: a few MiB
// Far beyond what any sweep comes to; a number above it has been damaged.
constexpr std::uint32_t kMostAttempts = 10'000;

// Positions of the plan's names.
class Names {
 public:
  explicit Names(const SweepState& state) : state_(state), blocks_(state.plan().predict_blocks()) {
    for (std::uint32_t i = 0; i < state.order().size(); ++i) images_.emplace(state.planned(i).path, i);
    for (std::size_t v = 0; v <= state.plan().variants.size(); ++v)
      variants_.emplace(state.plan().variant_name(static_cast<std::uint16_t>(v)), v);
    for (std::size_t c = 0; c < state.plan().cases.size(); ++c) cases_.emplace(state.plan().cases[c].name, c);
  }

  std::uint32_t image(const std::string& name) const { return find(images_, name, "image"); }
  std::uint16_t variant(const std::string& name) const {
    return static_cast<std::uint16_t>(find(variants_, name, "variant"));
  }
  std::uint16_t case_index(const std::string& name) const {
    return static_cast<std::uint16_t>(find(cases_, name, "case"));
  }
  // What every row says of its job, checked.
  template <class Row>
  void check_job(const Row& row, const JobSpec& spec) const {
    if (row.job != state_.job_id(spec))
      throw InputError("job " + to_string(row.job) + " in the row of " + state_.name_of(spec) +
                       ", which is " + to_string(state_.job_id(spec)));
    if (value(row.attempt) < 1 || value(row.attempt) > kMostAttempts)
      throw InputError("attempt " + std::to_string(value(row.attempt)) + " at " + state_.name_of(spec));
  }
  const Plan& plan() const { return state_.plan(); }
  std::string name_of(const JobSpec& spec) const { return state_.name_of(spec); }
  PredictBlock block_of(std::uint16_t variant) const {
    return *std::find_if(blocks_.begin(), blocks_.end(),
                         [&](const PredictBlock& block) { return variant < block.end; });
  }

 private:
  using Positions = std::unordered_map<std::string, std::size_t>;
  static std::uint32_t find(const Positions& places, const std::string& name, const char* what) {
    const auto found = places.find(name);
    if (found == places.end())
      throw InputError(std::string(what) + " '" + name + "', which is not in the plan");
    return static_cast<std::uint32_t>(found->second);
  }

  const SweepState& state_;
  Positions images_, variants_, cases_;
  const std::vector<PredictBlock> blocks_;
};

template <class Row, class Take>
void for_each_row(StoreReader& file, const Take& take) {
  const std::uint64_t count = file.rows<Row>();
  if (count > 0) file.shapes<Row>();  // the arrays too have the rows and dimensions that they must
  for (std::uint64_t first = 0; first < count; first += kBlockRows) {
    std::vector<Row> rows(std::min(kBlockRows, count - first));
    file.read_index(first, std::span(rows));
    for (const Row& row : rows) take(row);
  }
}

// The results of one file.
class FileResults {
 public:
  FileResults(const Names& names, std::uint32_t file, std::vector<std::string>& provenances)
      : names_(names), file_(file), provenances_(provenances) {}

  StoredResults::ByJob read(StoreReader& file) {
    if (!names_.plan().had_fewer_points(file.header().sweep_id))
      for_each_row<ProfileRow>(file, [&](const ProfileRow& row) { take(row); });
    for_each_row<PredictionRow>(file, [&](const PredictionRow& row) { take(row); });
    check_complete();
    return std::move(results_);
  }

 private:
  void take(const ProfileRow& row) {
    JobSpec spec;
    spec.kind = JobKind::kExplain;
    spec.image = names_.image(row.image);
    spec.case_index = names_.case_index(row.case_name);
    spec.variant = names_.variant(row.variant);
    spec.role = row.role;
    spec.role_index = static_cast<std::uint16_t>(row.role_index);
    spec.rank = row.rank;
    spec.label = row.label;
    spec.explained = row.explained;
    spec.replicate = static_cast<std::uint16_t>(row.replicate);
    if (!row.control_of.empty()) spec.control_of = names_.variant(row.control_of);
    names_.check_job(row, spec);
    StoredResult& result = answer(row.job, row.attempt, spec);
    result.provenance = number_of(row.provenance);
    result.spec = spec;
    result.seconds = row.seconds;
  }

  // The rows of one predict job, in any order.
  void take(const PredictionRow& row) {
    const std::uint16_t variant = names_.variant(row.variant);
    const PredictBlock block = names_.block_of(variant);
    JobSpec spec;
    spec.image = names_.image(row.image);
    spec.case_index = names_.case_index(row.case_name);
    spec.variant = block.begin;
    names_.check_job(row, spec);
    StoredResult& result = answer(row.job, row.attempt, spec);
    result.provenance = number_of(row.provenance);
    Labels& labels = result.labels;
    if (row.label < 0) throw InputError("label " + std::to_string(row.label) + " of " + names_.name_of(spec));
    if (!std::isfinite(row.logit) || !std::isfinite(row.probability))
      throw InputError("a logit or probability of " + names_.name_of(spec) + " that is not finite");
    labels.resize(block.size(), SweepState::kNoLabel);
    labels[static_cast<std::size_t>(variant - block.begin)] = row.label;
  }

  // A sweep has a handful.
  std::uint32_t number_of(const std::string& provenance) {
    const auto found = std::find(provenances_.begin(), provenances_.end(), provenance);
    const auto number = static_cast<std::uint32_t>(found - provenances_.begin());
    if (found == provenances_.end()) provenances_.push_back(provenance);
    return number;
  }

  StoredResult& answer(JobId job, Attempt attempt, const JobSpec& spec) {
    std::vector<StoredResult>& answers = results_[job];
    for (StoredResult& known : answers)
      if (known.attempt == attempt) return known;
    StoredResult result;
    result.attempt = attempt;
    result.file = file_;
    result.spec = spec;
    answers.push_back(std::move(result));
    return answers.back();
  }

  void check_complete() const {
    for (const auto& [job, answers] : results_)
      for (const StoredResult& result : answers)
        if (std::count(result.labels.begin(), result.labels.end(), SweepState::kNoLabel) > 0)
          throw InputError("only some of the predictions of " + names_.name_of(result.spec));
  }

  const Names& names_;
  const std::uint32_t file_;
  std::vector<std::string>& provenances_;
  StoredResults::ByJob results_;
};

bool same(const StoredResult& a, const StoredResult& b) { return a.spec == b.spec && a.labels == b.labels; }

// What results.h5 and the segments it was made from say of the same jobs.
void check_packed(StoredResults& stored) {
  if (!stored.packed) return;
  std::string why;
  for (const auto& [job, answers] : *stored.packed) {
    const auto found = stored.in_segments.find(job);
    if (answers.size() > 1) why = "holds job " + to_string(job) + " more than once";
    if (found == stored.in_segments.end()) continue;
    for (const StoredResult& result : found->second)
      if (result.attempt == answers.front().attempt && !same(result, answers.front()))
        why = "says otherwise than " + stored.name_of(result) + " of job " + to_string(job);
  }
  const std::set<std::string> merged(stored.merged.begin(), stored.merged.end());
  for (const auto& [job, answers] : stored.in_segments)
    for (const StoredResult& result : answers)
      if (merged.contains(stored.name_of(result)) && !stored.packed->contains(job))
        why = "lacks job " + to_string(job) + " of " + stored.name_of(result) + ", which it was made from";
  if (why.empty()) return;
  stored.discard(static_cast<std::uint32_t>(stored.files.size() - 1), why);
}

StoredResults::ByJob results_of(StoreReader& file, const Names& names, std::uint32_t number,
                                std::vector<std::string>& provenances) try {
  return FileResults(names, number, provenances).read(file);
} catch (const InputError& e) {
  const std::string why = e.what();  // HDF5's wrapper names the file itself
  throw InputError(why.starts_with(file.path()) ? why : file.path() + " holds " + why);
}

}  // namespace

void StoredResults::discard(std::uint32_t file, const std::string& what) {
  damaged.push_back({files[file], files[file].string() + " " + what});
  if (packed && file + 1 == files.size()) packed.reset();
  for (auto of_job = in_segments.begin(); of_job != in_segments.end();) {
    std::erase_if(of_job->second, [&](const StoredResult& result) { return result.file == file; });
    of_job = of_job->second.empty() ? in_segments.erase(of_job) : std::next(of_job);
  }
}

const StoredResult* StoredResults::chosen(JobId job) const {
  const auto found = in_segments.find(job);
  const auto lowest = [](const StoredResult& a, const StoredResult& b) { return a.attempt < b.attempt; };
  if (packed)
    if (const auto in_results = packed->find(job); in_results != packed->end()) {
      const StoredResult& result = in_results->second.front();
      if (found != in_segments.end())
        for (const StoredResult& same : found->second)
          if (same.attempt == result.attempt) return &same;
      return &result;
    }
  if (found == in_segments.end()) return nullptr;
  return &*std::min_element(found->second.begin(), found->second.end(), lowest);
}

void discard_unpredicted(StoredResults& stored, const SweepState& state) {
  // Whether some prediction of the variant is the class that is explained, or none is stored.
  const auto predicts = [&](const JobSpec& explain, std::uint16_t variant) {
    JobSpec predict;
    predict.image = explain.image;
    predict.case_index = explain.case_index;
    predict.variant = state.plan().predict_block_of(variant).begin;
    const JobId id = state.job_id(predict);
    const auto in = [&](const StoredResults::ByJob& results) {
      const auto found = results.find(id);
      return found != results.end() &&
             std::any_of(found->second.begin(), found->second.end(), [&](const StoredResult& result) {
               return result.labels[static_cast<std::size_t>(variant - predict.variant)] == explain.label;
             });
    };
    return stored.chosen(id) == nullptr || in(stored.in_segments) || (stored.packed && in(*stored.packed));
  };
  std::map<std::uint32_t, std::string> unpredicted;
  const auto look_at = [&](const StoredResult& result) {
    const JobSpec& spec = result.spec;
    if (spec.kind != JobKind::kExplain) return;
    for (const auto& [kind, variant] :
         {std::pair(LabelKind::kPredicted, spec.variant), std::pair(LabelKind::kSource, std::uint16_t{0})})
      if (spec.explained.contains(kind) && !predicts(spec, variant))
        unpredicted.try_emplace(result.file,
                                "has '" + state.name_of(spec) + "' for class " + std::to_string(spec.label) +
                                    ", which is not predicted for " + state.plan().variant_name(variant));
  };
  for (const auto* results : {&stored.in_segments, stored.packed ? &*stored.packed : nullptr})
    if (results != nullptr)
      for (const auto& [job, answers] : *results) std::for_each(answers.begin(), answers.end(), look_at);
  for (const auto& [file, what] : unpredicted) stored.discard(file, what);
}

std::map<std::string, std::size_t> StoredResults::jobs_by_provenance() const {
  std::map<std::string, std::size_t> jobs;
  for (const auto& [job, answers] : in_segments) ++jobs[provenances[chosen(job)->provenance]];
  if (packed)
    for (const auto& [job, answers] : *packed)
      if (!in_segments.contains(job)) ++jobs[provenances[chosen(job)->provenance]];
  return jobs;
}

StoredResults read_stored_results(const SweepDirectory& sweep, const SweepState& state) {
  const Names names(state);
  const Plan& plan = state.plan();
  const StoreHeader header{state.sweep(), plan.wcam.grid, plan.wcam.levels};
  const std::vector<std::string> ids = plan.sweep_ids();
  StoredResults stored;
  const auto read = [&](const fs::path& path, const auto& take) {
    try {
      StoreReader file(path);
      store::check_belongs(file, header, ids);
      file.check_values();
      auto results =
          results_of(file, names, static_cast<std::uint32_t>(stored.files.size()), stored.provenances);
      take(file, results);
      stored.files.push_back(path);
    } catch (const NewerFormat&) {
      throw;
    } catch (const InputError& e) {
      stored.damaged.push_back({path, e.what()});
    }
  };
  for (const fs::path& segment : store::segment_files(sweep))
    read(segment, [&](StoreReader&, StoredResults::ByJob& results) {
      for (auto& [job, answers] : results) {
        auto& all = stored.in_segments[job];
        all.insert(all.end(), answers.begin(), answers.end());
      }
    });
  if (fs::exists(sweep.results()))
    read(sweep.results(), [&](StoreReader& file, StoredResults::ByJob& results) {
      stored.merged = file.merged_segments();
      stored.packed = std::move(results);
    });
  check_packed(stored);
  return stored;
}

}  // namespace wcam
