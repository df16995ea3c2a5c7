// Two passes over the sources (results.h5, then the segments it was not made from). The survey opens each
// file, checks that it belongs and notes which jobs it answers, so that AnswerChoice can say which answer
// counts, which classes are explained, so that they can be compared with what is predicted, and which shapes
// its columns have, so that the new file's columns are wide enough. The copy appends
// chosen rows, column by column and block by block, to a file under a temporary name, which replaces
// results.h5 once it is whole and durable.
#include "common/store/pack.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <tuple>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/format_version.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/store/answer_choice.h"
#include "common/store/sources.h"
#include "common/store/store_file.h"
#include "common/study/perturbation.h"
#include "common/study/plan.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

using store::Columns;
using store::ColumnShape;
using store::StoreReader;

constexpr std::uint64_t kBlockBytes = 16U << 20U;  // of one column
constexpr std::uint64_t kBlockRows = 4096;
constexpr std::uint64_t kChunkBytes = 256U
                                      << 10U;  // 64 maps of 28 x 28: a quarter of HDF5's cache of a dataset
constexpr std::uint64_t kChunkRows = 4096;
constexpr unsigned kTextGzip = 4;

// Held while the sweep is packed; on a file of its own, which nobody replaces, as results.h5 and plan.json
// are. On a file system without locks nothing is held.
class PackLock {
 public:
  explicit PackLock(const SweepDirectory& sweep)
      : fd_(::open(sweep.pack_lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (fd_ < 0) return;
    held_ = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
    if (held_ || errno != EWOULDBLOCK) return;
    ::close(fd_);
    throw InputError(sweep.root.string() + " is being packed by another process: wait for it");
  }
  ~PackLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  PackLock(const PackLock&) = delete;
  PackLock& operator=(const PackLock&) = delete;
  bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

// What a pack that was killed has left: as large as results.h5.
void remove_leftovers(const SweepDirectory& sweep) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(sweep.root, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".results.h5.") && name.ends_with(".partial")) fs::remove(entry.path(), ignored);
  }
}

std::uint64_t row_bytes(const ColumnShape& column) {
  std::uint64_t bytes = column.type.bytes;
  for (const std::uint64_t dim : column.row) bytes *= dim;
  return std::max<std::uint64_t>(bytes, 1);
}

std::string shape_text(const ColumnShape& column) {
  std::string text = "[R";
  for (const std::uint64_t dim : column.row) text += ", " + std::to_string(dim);
  return text + "]";
}

// The columns of a group in the new file.
struct Group {
  std::vector<ColumnShape> columns;  // empty: no rows anywhere
  std::uint64_t rows_found = 0;      // in all sources, duplicates included

  template <class Row>
  void survey(StoreReader& file) {
    const std::uint64_t rows = file.rows<Row>();
    if (rows == 0) return;
    rows_found += rows;
    const std::vector<ColumnShape> found = file.shapes<Row>();
    if (columns.empty()) columns = found;
    for (std::size_t i = 0; i < columns.size(); ++i) widen(columns[i], found[i], file.path());
  }

  static void widen(ColumnShape& column, const ColumnShape& found, const std::string& path) {
    if (column.row != found.row)
      throw InputError(path + ": " + column.path + " is " + shape_text(found) + ", " + shape_text(column) +
                       " in the files before it");
    if (found.type.kind == h5::Kind::kText) column.type.bytes = std::max(column.type.bytes, found.type.bytes);
  }

  void create(h5::File& file) const {
    for (const ColumnShape& column : columns) {
      h5::Dims dims{0};
      dims.insert(dims.end(), column.row.begin(), column.row.end());
      const std::uint64_t fitting = std::clamp<std::uint64_t>(kChunkBytes / row_bytes(column), 1, kChunkRows);
      h5::Layout layout{.chunk_rows = std::min(fitting, rows_found),
                        .gzip = column.type.kind == h5::Kind::kText ? kTextGzip : 0};
      if (column.row.size() == 3) layout = store::kPixelLayout;
      file.create_dataset(column.path, column.type, dims, layout);
    }
  }

  void seal(h5::File& file) const {
    for (const ColumnShape& column : columns) file.dataset(column.path).write_checksum_of_appended();
  }

  std::uint64_t block_rows() const {
    std::uint64_t largest = 1;
    for (const ColumnShape& column : columns) largest = std::max(largest, row_bytes(column));
    return std::clamp<std::uint64_t>(kBlockBytes / largest, 1, kBlockRows);
  }
};

// Moves the rows that are kept to the front; returns their bytes.
std::size_t compact(std::string& bytes, std::size_t row, const std::vector<bool>& keep) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) continue;
    if (end != i * row) bytes.replace(end, row, bytes, i * row, row);
    end += row;
  }
  return end;
}

class Merge {
 public:
  Merge(const SweepDirectory& sweep, const Plan& plan, const std::optional<RecordedResults>& recorded)
      : sweep_(sweep),
        plan_(plan),
        header_{sweep_id(plan), plan.wcam.grid, plan.wcam.levels},
        sweep_ids_(plan.sweep_ids()),
        recorded_(recorded),
        sources_(store::sources_of(sweep)) {
    if (recorded_) pass_over_unnamed();
  }

  // Segments, or a plan that was extended meanwhile.
  bool anything_new() const {
    return !sources_.packed || sources_.files.size() > 1 ||
           StoreReader(sources_.files.front()).header().sweep_id != header_.sweep_id;
  }
  void survey();
  void check_complete() const;
  void write(const std::string& plan_text);
  const std::vector<std::string>& passed_over() const { return passed_over_; }
  const std::vector<store::LeftOut>& left_out() const { return left_out_; }
  std::size_t spoilt() const;
  std::size_t segments() const { return sources_.files.size() - (sources_.packed ? 1 : 0); }
  std::size_t duplicates() const { return profile_choice_.duplicates() + prediction_choice_.duplicates(); }

 private:
  std::uint32_t number(std::size_t source) const { return store::number_of(source, sources_.packed); }
  bool has_profiles(const StoreReader& file) const { return !plan_.had_fewer_points(file.header().sweep_id); }
  bool is_results(std::size_t source) const { return sources_.packed && source == 0; }
  void pass_over_unnamed();
  void survey(std::size_t source);
  bool gone(const RecordedResults::Result& result) const {
    return !profile_choice_.has(result.job) && !prediction_choice_.has(result.job);
  }
  bool was_left_out(const std::string& segment) const;
  template <class Read>
  void read_or_say(const Read& read) const;
  bool counts(JobId job, Attempt attempt, const std::string& segment) const;
  std::string repair(const std::string& what) const {
    return ": `wcam repair " + sweep_.root.string() + "` " + what;
  }
  JobId predict_job(const ProfileRow& row, const std::string& variant) const;
  void note_explained();
  void compare_with_explained(StoreReader& file, std::uint64_t first, const std::vector<bool>& keep,
                              const std::vector<std::uint64_t>& jobs) const;
  template <class Row>
  std::vector<store::Occurrence> occurrences(StoreReader& file, std::size_t source) const;
  template <class Row>
  std::vector<bool> kept(StoreReader& file, std::size_t source, std::uint64_t first, std::uint64_t count);
  template <class Row>
  void copy(StoreReader& file, std::size_t source, h5::File& target, Group& group);
  std::string runs_text() const;
  void write_segment_names(h5::File& target) const;

  const SweepDirectory sweep_;
  const Plan& plan_;
  const StoreHeader header_;
  const std::vector<std::string> sweep_ids_;
  const std::optional<RecordedResults>& recorded_;
  store::Sources sources_;
  std::vector<std::string> passed_over_;
  std::vector<store::LeftOut> left_out_;
  struct Explained {
    JobId predict{};
    std::string variant;
    std::int64_t label = 0;
    bool operator==(const Explained&) const = default;
    bool operator<(const Explained& other) const {
      return std::tie(predict, variant, label) < std::tie(other.predict, other.variant, other.label);
    }
  };
  std::vector<Explained> explained_;  // what the WCAMs that count say is predicted, ascending, each once
  std::vector<std::string> merged_;   // segments in the new file
  struct Groups {
    Group profiles, predictions, images;
  };
  Groups groups_;
  store::AnswerChoice profile_choice_, prediction_choice_;
  std::set<std::pair<std::string, std::string>> images_written_;
};

// Jobs and attempts of the rows of one block.
struct JobRows {
  template <class Row>
  static JobRows read(StoreReader& file, std::uint64_t first, std::uint64_t count) {
    const std::string group = Columns<Row>::kGroup;
    return {file.dataset(group + "/job").read<std::uint64_t>(first, count),
            file.dataset(group + "/attempt").read<std::uint32_t>(first, count)};
  }
  store::Occurrence at(std::size_t i, std::uint32_t source) const {
    return {JobId{jobs[i]}, Attempt{attempts[i]}, source};
  }
  bool repeats_previous(std::size_t i) const {
    return i > 0 && jobs[i] == jobs[i - 1] && attempts[i] == attempts[i - 1];
  }

  std::vector<std::uint64_t> jobs;
  std::vector<std::uint32_t> attempts;
};

void Merge::pass_over_unnamed() {
  const auto& named = recorded_->segments;
  for (std::size_t source = sources_.packed ? 1 : 0; source < sources_.files.size();) {
    const std::string name = sources_.files[source].filename().string();
    if (std::binary_search(named.begin(), named.end(), name)) {
      ++source;
      continue;
    }
    passed_over_.push_back(name);
    sources_.files.erase(sources_.files.begin() + static_cast<std::ptrdiff_t>(source));
  }
}

bool Merge::counts(JobId job, Attempt attempt, const std::string& segment) const {
  if (!recorded_) return true;
  const auto& results = recorded_->results;
  const auto found =
      std::lower_bound(results.begin(), results.end(), job,
                       [](const RecordedResults::Result& r, JobId wanted) { return r.job < wanted; });
  return found != results.end() && found->job == job && found->attempt == attempt &&
         recorded_->segments[found->segment] == segment;
}

// Those that count, once a job where it has many rows.
template <class Row>
std::vector<store::Occurrence> Merge::occurrences(StoreReader& file, std::size_t source) const {
  constexpr bool kManyRowsAJob = std::is_same_v<Row, PredictionRow>;
  std::vector<store::Occurrence> found;
  const std::uint64_t rows = file.rows<Row>();
  const std::string name = sources_.files[source].filename().string();
  for (std::uint64_t first = 0; first < rows; first += kBlockRows) {
    const JobRows block = JobRows::read<Row>(file, first, std::min(kBlockRows, rows - first));
    for (std::size_t i = 0; i < block.jobs.size(); ++i) {
      if (kManyRowsAJob && block.repeats_previous(i)) continue;
      const store::Occurrence occurrence = block.at(i, number(source));
      if (is_results(source) || counts(occurrence.job, occurrence.attempt, name)) found.push_back(occurrence);
    }
  }
  return found;
}

void Merge::survey(std::size_t source) {
  StoreReader file(sources_.files[source]);
  is_results(source) ? store::check_belongs(file, header_, sweep_ids_)
                     : store::check_sound(file, header_, sweep_ids_);
  Groups groups = groups_;
  if (has_profiles(file)) groups.profiles.survey<ProfileRow>(file);
  groups.predictions.survey<PredictionRow>(file);
  groups.images.survey<ImageRow>(file);
  const auto profiles =
      has_profiles(file) ? occurrences<ProfileRow>(file, source) : std::vector<store::Occurrence>{};
  const auto predictions = occurrences<PredictionRow>(file, source);
  groups_ = std::move(groups);  // from here on nothing throws
  for (const store::Occurrence& found : profiles) profile_choice_.offer(found);
  for (const store::Occurrence& found : predictions) prediction_choice_.offer(found);
  if (is_results(source))
    merged_ = file.merged_segments();
  else
    merged_.push_back(sources_.files[source].filename().string());
}

template <class Read>
void Merge::read_or_say(const Read& read) const try {
  read();
} catch (const NewerFormat&) {
  throw;
} catch (const InputError& e) {
  throw InputError(e.what() + repair("moves it aside, when no coordinator runs"));
}

void Merge::survey() {
  if (sources_.packed) read_or_say([&] { survey(0); });
  left_out_ = store::leave_out_unsound(sources_, [&](std::size_t source) { survey(source); });
  profile_choice_.settle();
  prediction_choice_.settle();
  note_explained();
}

bool Merge::was_left_out(const std::string& segment) const {
  return std::any_of(left_out_.begin(), left_out_.end(), [&](const store::LeftOut& left_out) {
    return left_out.segment.filename().string() == segment;
  });
}

std::size_t Merge::spoilt() const {
  if (!recorded_ || left_out_.empty()) return 0;
  return static_cast<std::size_t>(std::count_if(
      recorded_->results.begin(), recorded_->results.end(),
      [&](const auto& result) { return gone(result) && was_left_out(recorded_->segments[result.segment]); }));
}

void Merge::check_complete() const {
  if (!recorded_) return;
  const auto lost = [&](const RecordedResults::Result& result) {
    return gone(result) && !was_left_out(recorded_->segments[result.segment]);
  };
  const auto& results = recorded_->results;
  const auto first = std::find_if(results.begin(), results.end(), lost);
  if (first == results.end()) return;
  throw InputError(counted(std::count_if(first, results.end(), lost), "result") +
                   " that the ledger has as done are not there, the first of " +
                   (sweep_.segments() / recorded_->segments[first->segment]).string() +
                   ": restore it from a copy, or have them computed again" + repair("puts the jobs back"));
}

// SHA-256 names the predict job of a WCAM: a second for a million.
JobId Merge::predict_job(const ProfileRow& row, const std::string& variant) const {
  const auto place = std::find(plan_.variants.begin(), plan_.variants.end(), variant);
  const auto number = variant == kSourceVariant ? 0 : place - plan_.variants.begin() + 1;
  if (place == plan_.variants.end() && number != 0)
    throw InputError("a WCAM of variant '" + variant + "', which is not in the plan");
  return plan_.predict_job(row.image, plan_.predict_block_of(static_cast<std::uint16_t>(number)),
                           row.case_name);
}

void Merge::note_explained() {
  for (std::size_t source = 0; source < sources_.files.size(); ++source) {
    StoreReader file(sources_.files[source]);
    const std::uint64_t count = has_profiles(file) ? file.rows<ProfileRow>() : 0;
    for (std::uint64_t first = 0; first < count; first += kBlockRows) {
      std::vector<ProfileRow> rows(std::min(kBlockRows, count - first));
      file.read_index(first, std::span(rows));
      for (const ProfileRow& row : rows) {
        if (!profile_choice_.is_chosen({row.job, row.attempt, number(source)})) continue;
        const auto note = [&](const std::string& variant) {
          explained_.push_back({predict_job(row, variant), variant, row.label});
        };
        if (row.explained.contains(LabelKind::kPredicted)) note(row.variant);
        if (row.explained.contains(LabelKind::kSource)) note(std::string(kSourceVariant));
      }
    }
  }
  std::sort(explained_.begin(), explained_.end());
  explained_.erase(std::unique(explained_.begin(), explained_.end()), explained_.end());
}

void Merge::compare_with_explained(StoreReader& file, std::uint64_t first, const std::vector<bool>& keep,
                                   const std::vector<std::uint64_t>& jobs) const {
  std::vector<PredictionRow> rows;  // of few images: read when one of them is met
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) continue;
    const auto of_job =
        std::equal_range(explained_.begin(), explained_.end(), Explained{JobId{jobs[i]}, {}, 0},
                         [](const Explained& a, const Explained& b) { return a.predict < b.predict; });
    if (of_job.first == of_job.second) continue;
    if (rows.empty()) {
      rows.resize(keep.size());
      file.read_index(first, std::span(rows));
    }
    const PredictionRow& row = rows[i];
    for (auto wcam = of_job.first; wcam != of_job.second; ++wcam)
      if (wcam->variant == row.variant && wcam->label != row.label)
        throw InputError("a WCAM of " + row.image + " " + row.case_name + " has class " +
                         std::to_string(wcam->label) + " as predicted for " + row.variant + ", " +
                         file.path() + " predicts " + std::to_string(row.label) +
                         repair("has it computed again"));
  }
}

template <>
std::vector<bool> Merge::kept<ProfileRow>(StoreReader& file, std::size_t source, std::uint64_t first,
                                          std::uint64_t count) {
  const JobRows block = JobRows::read<ProfileRow>(file, first, count);
  std::vector<bool> keep(count);
  for (std::size_t i = 0; i < count; ++i) keep[i] = profile_choice_.take(block.at(i, number(source)));
  return keep;
}

template <>
std::vector<bool> Merge::kept<PredictionRow>(StoreReader& file, std::size_t source, std::uint64_t first,
                                             std::uint64_t count) {
  const JobRows block = JobRows::read<PredictionRow>(file, first, count);
  std::vector<bool> keep(count);
  for (std::size_t i = 0; i < count; ++i) keep[i] = prediction_choice_.is_chosen(block.at(i, number(source)));
  compare_with_explained(file, first, keep, block.jobs);
  return keep;
}

template <>
std::vector<bool> Merge::kept<ImageRow>(StoreReader& file, std::size_t, std::uint64_t first,
                                        std::uint64_t count) {
  std::vector<ImageRow> rows(count);
  file.read_index(first, std::span(rows));
  std::vector<bool> keep(count);
  for (std::size_t i = 0; i < count; ++i)
    keep[i] = images_written_.emplace(std::move(rows[i].image), std::move(rows[i].variant)).second;
  return keep;
}

template <class Row>
void Merge::copy(StoreReader& file, std::size_t source, h5::File& target, Group& group) {
  const std::uint64_t rows = file.rows<Row>(), step = group.block_rows();
  std::string bytes;
  for (std::uint64_t first = 0; first < rows; first += step) {
    const std::uint64_t count = std::min(step, rows - first);
    const std::vector<bool> keep = kept<Row>(file, source, first, count);
    const auto left = static_cast<std::uint64_t>(std::count(keep.begin(), keep.end(), true));
    if (left == 0) continue;
    for (const ColumnShape& column : group.columns) {
      file.read_bytes(column, first, count, bytes);
      if (left < count) compact(bytes, bytes.size() / count, keep);
      target.dataset(column.path).append(left, column.type, bytes.data());
    }
  }
}

void Merge::write_segment_names(h5::File& target) const {
  if (merged_.empty()) return;
  const h5::FixedText names = h5::fixed_text(merged_);
  target.create_dataset(store::kSegments, names.type, {merged_.size()})
      .write(0, merged_.size(), names.type, names.bytes.data());
}

// While a coordinator has the ledger, what was known when results.h5 was last written.
std::string Merge::runs_text() const {
  if (recorded_ && !recorded_->runs.empty()) return recorded_->runs;
  return sources_.packed ? StoreReader(sources_.files.front()).runs_text() : "";
}

void Merge::write(const std::string& plan_text) {
  PendingFile pending(sweep_.results());
  h5::File target = h5::File::create(pending.path(), sweep_.results());
  store::write_attributes(target, header_);
  target.write_text(store::kPlan, plan_text);
  if (const std::string runs = runs_text(); !runs.empty()) target.write_text(store::kRuns, runs);
  write_segment_names(target);
  for (const Group* group : {&groups_.profiles, &groups_.predictions, &groups_.images}) group->create(target);
  for (std::size_t source = 0; source < sources_.files.size(); ++source) {
    StoreReader file(sources_.files[source]);
    if (is_results(source)) read_or_say([&] { file.check_values(); });
    if (has_profiles(file)) copy<ProfileRow>(file, source, target, groups_.profiles);
    copy<PredictionRow>(file, source, target, groups_.predictions);
    copy<ImageRow>(file, source, target, groups_.images);
  }
  for (const Group* group : {&groups_.profiles, &groups_.predictions, &groups_.images}) group->seal(target);
  target.close();
  pending.commit();
}

void count_doubts(StoreReader& file, PackReport& report) {
  const std::string column = store::path_of<ProfileRow>("doubts");
  const std::uint64_t rows = file.has(column) ? file.rows<ProfileRow>() : 0;
  for (std::uint64_t first = 0; first < rows; first += kBlockRows)
    for (const std::string& doubts :
         file.dataset(column).read_text(first, std::min(kBlockRows, rows - first))) {
      report.doubtful += doubts.empty() ? 0 : 1;
      for (const std::string& doubt : split_list(doubts)) ++report.doubts[doubt];
    }
}

PackReport report_of(const fs::path& results) {
  StoreReader file(results);
  PackReport report;
  report.profiles = file.rows<ProfileRow>();
  report.predictions = file.rows<PredictionRow>();
  report.images = file.rows<ImageRow>();
  count_doubts(file, report);
  return report;
}

}  // namespace

PackReport pack(const fs::path& root, const std::optional<RecordedResults>& recorded) {
  const SweepDirectory sweep{root};
  const std::string plan_text = read_file(sweep.plan());
  const Plan plan = plan_from_json_text(plan_text, sweep.plan().string());
  const PackLock lock(sweep);
  if (lock.held()) remove_leftovers(sweep);
  Merge merge(sweep, plan, recorded);
  merge.survey();
  merge.check_complete();
  if (merge.anything_new()) merge.write(plan_text);
  PackReport report = report_of(sweep.results());
  report.segments = merge.segments();
  report.duplicates = merge.duplicates();
  report.passed_over = merge.passed_over();
  report.left_out = merge.left_out();
  report.spoilt = merge.spoilt();
  return report;
}

}  // namespace wcam
