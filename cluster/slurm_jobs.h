// The Slurm jobs of one sweep, noted in its folder slurm/ when they are submitted.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/sweep_directory.h"

namespace wcam {

class SlurmJobs {
 public:
  explicit SlurmJobs(const std::filesystem::path& sweep) : sweep_{sweep} {}

  std::filesystem::path script(const std::string& name) const { return sweep_.slurm() / name; }
  // There once the sweep is finished (coordinator_script()): workers that start from then on have nothing to
  // do.
  std::filesystem::path finished() const { return sweep_.slurm() / "finished"; }
  // What was said at earlier submissions and holds for later ones; a word a line.
  std::filesystem::path words() const { return sweep_.slurm() / "words"; }

  // A new submission, which begins with its coordinator and the workers of an earlier one that are left.
  void note_coordinator(const std::string& job, const std::vector<std::string>& left) const;
  void note_workers(const std::string& job) const;
  std::string coordinator() const;  // empty: none was submitted

  // Those that wait, run or end, with Slurm's word for it ("PENDING"; of an array, of one of its tasks).
  // Throws InputError when Slurm does not answer.
  std::map<std::string, std::string> in_queue() const;

  // False when scancel has refused, and said why.
  [[nodiscard]] static bool cancel(const std::vector<std::string>& jobs);

 private:
  std::filesystem::path workers() const { return sweep_.slurm() / "workers"; }
  std::vector<std::string> all() const;

  SweepDirectory sweep_;
};

// Whether a coordinator of this sweep runs, in a job or by hand. Throws InputError when that cannot be said.
bool is_served(const std::filesystem::path& sweep);

}  // namespace wcam
