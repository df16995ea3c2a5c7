// Two passes over the sources (results.h5, then the segments it was not made from). The survey opens each
// file, checks that it belongs and notes which jobs it answers, so that AnswerChoice can say which answer
// counts, and which shapes its columns have, so that the new file's columns are wide enough. The copy appends
// chosen rows, column by column and block by block, to a file under a temporary name, which replaces
// results.h5 once it is whole and durable.
#include "common/store/pack.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/store/answer_choice.h"
#include "common/store/sources.h"
#include "common/store/store_file.h"
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
  Merge(const SweepDirectory& sweep, const StoreHeader& header, store::Sources sources)
      : sweep_(sweep), header_(header), sources_(std::move(sources)) {}

  void survey();
  void write(const std::string& plan_text);
  std::size_t segments() const { return sources_.files.size() - (sources_.packed ? 1 : 0); }
  std::size_t duplicates() const { return profile_choice_.duplicates() + prediction_choice_.duplicates(); }

 private:
  std::uint32_t number(std::size_t source) const { return store::number_of(source, sources_.packed); }
  template <class Row>
  void offer(StoreReader& file, std::size_t source, store::AnswerChoice& choice);
  template <class Row>
  std::vector<bool> kept(StoreReader& file, std::size_t source, std::uint64_t first, std::uint64_t count);
  template <class Row>
  void copy(StoreReader& file, std::size_t source, h5::File& target, Group& group);
  void write_segment_names(h5::File& target) const;

  const SweepDirectory sweep_;
  const StoreHeader header_;
  const store::Sources sources_;
  std::vector<std::string> merged_;  // segments in the new file
  Group profiles_, predictions_, images_;
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

template <class Row>
void Merge::offer(StoreReader& file, std::size_t source, store::AnswerChoice& choice) {
  constexpr bool kManyRowsAJob = std::is_same_v<Row, PredictionRow>;
  const std::uint64_t rows = file.rows<Row>();
  for (std::uint64_t first = 0; first < rows; first += kBlockRows) {
    const JobRows block = JobRows::read<Row>(file, first, std::min(kBlockRows, rows - first));
    for (std::size_t i = 0; i < block.jobs.size(); ++i)
      if (!kManyRowsAJob || !block.repeats_previous(i)) choice.offer(block.at(i, number(source)));
  }
}

void Merge::survey() {
  for (std::size_t source = 0; source < sources_.files.size(); ++source) {
    StoreReader file(sources_.files[source]);
    store::check_belongs(file, header_);
    profiles_.survey<ProfileRow>(file);
    predictions_.survey<PredictionRow>(file);
    images_.survey<ImageRow>(file);
    offer<ProfileRow>(file, source, profile_choice_);
    offer<PredictionRow>(file, source, prediction_choice_);
    if (source == 0 && sources_.packed)
      merged_ = file.merged_segments();
    else
      merged_.push_back(sources_.files[source].filename().string());
  }
  profile_choice_.settle();
  prediction_choice_.settle();
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

void Merge::write(const std::string& plan_text) {
  PendingFile pending(sweep_.results());
  h5::File target = h5::File::create(pending.path(), sweep_.results());
  store::write_attributes(target, header_);
  target.write_text(store::kPlan, plan_text);
  write_segment_names(target);
  for (const Group* group : {&profiles_, &predictions_, &images_}) group->create(target);
  for (std::size_t source = 0; source < sources_.files.size(); ++source) {
    StoreReader file(sources_.files[source]);
    file.check_values();
    copy<ProfileRow>(file, source, target, profiles_);
    copy<PredictionRow>(file, source, target, predictions_);
    copy<ImageRow>(file, source, target, images_);
  }
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

PackReport pack(const fs::path& root) {
  const SweepDirectory sweep{root};
  const std::string plan_text = read_file(sweep.plan());
  const Plan plan = plan_from_json_text(plan_text, sweep.plan().string());
  const PackLock lock(sweep);
  if (lock.held()) remove_leftovers(sweep);
  const StoreHeader header{sweep_id(plan), plan.wcam.grid, plan.wcam.levels};
  const store::Sources sources = store::sources_of(sweep);
  if (sources.packed && sources.files.size() == 1) {
    store::check_belongs(StoreReader(sweep.results()), header);
    return report_of(sweep.results());
  }
  Merge merge(sweep, header, sources);
  merge.survey();
  merge.write(plan_text);
  PackReport report = report_of(sweep.results());
  report.segments = merge.segments();
  report.duplicates = merge.duplicates();
  return report;
}

}  // namespace wcam
