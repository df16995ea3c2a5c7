// Reading what a sweep has stored: results.h5 when it is complete for what is there, or the segments
// themselves. Not thread-safe: HDF5's C library has one owner thread a process.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/store/records.h"
#include "common/store/segment.h"
#include "common/store/sources.h"
#include "common/study/plan.h"

namespace wcam {

class Results {
 public:
  // A sweep directory (results.h5 and any segments it does not hold yet) or a single store file. Reads the
  // small columns of every profile, about 800 bytes of memory a row, and no array; at most 33 files are open
  // at a time. A job that was answered more than once counts once (format.md, "In results.h5"). WCAMs of
  // what an extended sweep was when they had fewer design points do not count. A segment
  // that is damaged or of another sweep is left out; those that results.h5 does not hold are read whole to
  // know. Throws InputError naming the file: not HDF5, cut short, another format version; and when a sweep
  // at rest has fewer WCAMs than its status says are done, though no segment is left out.
  static Results open(const std::filesystem::path& sweep_or_file);
  ~Results();
  Results(Results&&) noexcept;
  Results& operator=(Results&&) noexcept;

  const StoreHeader& header() const;
  // The files that are read: results.h5 first, where there is one, then the segments it does not hold.
  const std::vector<std::filesystem::path>& files() const;
  const std::vector<store::LeftOut>& left_out() const;
  // The plan stored in the file, or SWEEP/plan.json beside segments; nullopt for a lone segment.
  const std::optional<Plan>& plan() const;

  // Every profile once, without its arrays (wcam, standard_error, outputs are empty), ordered by rank, then
  // the plan's order of cases, then role and role_index, the published label and design first.
  const std::vector<ProfileRow>& profiles() const;
  // Where profile i of profiles() lies in its file: row r of h5py's columns.
  std::uint64_t row(std::size_t i) const;
  // Profile i of profiles() with its arrays.
  ProfileRow read_profile(std::size_t i) const;
  // Visits every prediction once, in no promised order, the same at each call. Holds some thousand rows at a
  // time, and 16 bytes a predict job.
  void for_each_prediction(const std::function<void(PredictionRow&&)>& visit) const;
  // All of them.
  std::vector<PredictionRow> read_predictions() const;
  // How many (image, variant) have pixels.
  std::size_t images() const;
  // Pixels of an image's variant lie with one of its WCAMs. Throws InputError naming both when they are not
  // stored.
  bool has_pixels(const std::string& image, const std::string& variant) const;
  ImageRow read_pixels(const std::string& image, const std::string& variant) const;

 private:
  struct Impl;
  explicit Results(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wcam
