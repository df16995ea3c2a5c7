#include "cluster/slurm_jobs.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/base/file.h"
#include "common/base/host.h"
#include "common/base/message_text.h"
#include "common/base/process.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

std::string text_of(const fs::path& file) { return fs::exists(file) ? read_file(file) : ""; }

}  // namespace

void SlurmJobs::note_coordinator(const std::string& job, const std::vector<std::string>& left) const {
  write_file_atomically(sweep_.slurm_coordinator(), job + "\n");
  std::string lines;
  for (const std::string& id : left) lines += id + "\n";
  write_file_atomically(workers(), lines);
}

void SlurmJobs::note_workers(const std::string& job) const {
  write_file_atomically(workers(), text_of(workers()) + job + "\n");
}

std::string SlurmJobs::coordinator() const { return first_line(text_of(sweep_.slurm_coordinator())); }

std::vector<std::string> SlurmJobs::all() const {
  std::istringstream words(text_of(sweep_.slurm_coordinator()) + text_of(workers()));
  return {std::istream_iterator<std::string>(words), {}};
}

std::map<std::string, std::string> SlurmJobs::in_queue() const {
  const std::vector<std::string> ours = all();
  if (ours.empty()) return {};
  std::map<std::string, std::string> found;
  // Not of these jobs alone: Slurm complains of one that it has forgotten. In words that old versions
  // know too, and the scripts with which some sites replace squeue (where -h is help).
  std::istringstream queue(output_of({"squeue", "--noheader", "-u", user_name(), "-o", "%F %T"}));
  for (std::string line, job, state; std::getline(queue, line);)  // a site's own remarks are none of ours
    if (std::istringstream(line) >> job >> state && std::find(ours.begin(), ours.end(), job) != ours.end())
      found[job] = state;
  return found;
}

bool SlurmJobs::cancel(const std::vector<std::string>& jobs) {
  std::vector<std::string> command{"scancel"};
  command.insert(command.end(), jobs.begin(), jobs.end());
  return run_to_end(command).code == 0;
}

bool is_served(const fs::path& sweep) {
  const std::string status =
      output_of({sibling_program("wcam-coordinator").string(), "status", sweep.string(), "--json"});
  return nlohmann::json::parse(status).value("running", false);
}

}  // namespace wcam
