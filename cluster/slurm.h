// A sweep on Slurm: a job for the coordinator and an array of jobs, each a worker. Slurm places, starts and
// restarts; the queue inside it is ours. These are the batch scripts, as text: they run by hand too.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wcam {

struct SlurmSweep {
  std::filesystem::path sweep;     // absolute
  std::filesystem::path programs;  // folder of wcam-coordinator, wcam-worker, wcam-plot; absolute
  int workers = 1;                 // 1..10000
  bool gpu = true;                 // one a worker, from Slurm; else workers compute on the CPU
  std::string gpu_type;            // "a100": --gres=gpu:a100:1; empty: any
  int cpus = 4;                    // of a worker, 1..1024
  int array_limit = 0;             // workers at once; 0: as many as there are
  // Slurm's own words, empty: not said.
  std::string time, constraint, memory;
  // Of a role's jobs: where, on whose account; `extra`: "--qos=long", as sbatch takes them.
  struct Words {
    std::string partition, account;
    std::vector<std::string> extra;
  };
  Words coordinator, crew;
  // An Apptainer image, absolute or a URI, with the programs on its PATH, instead of `programs`; empty: none.
  std::string container;
  int notice = 120;     // seconds before a time limit at which Slurm says so, 1..65535
  int most_rounds = 0;  // times that a job goes back to the queue when its time is up; 0: it does not
  std::string bind = "tcp://*:*";                // where the coordinator listens
  std::vector<std::string> coordinator_options;  // of `wcam-coordinator run`, beside --sweep and --bind
  std::vector<std::string>
      worker_options;  // of `wcam-worker run`, beside --sweep, --device, --threads, --log
  std::string stage;   // of `wcam-worker run --stage`; the node looks up $NAME in it; empty: none
  bool figures = true;
  std::string command;  // which the coordinator records as its own; one line for a shell
};

// What is wrong, in a sentence; nullopt when usable.
std::optional<std::string> problem(const SlurmSweep& sweep);

// Serves the sweep, then packs and draws. Told to end (time limit, preemption) it ends at once and leaves the
// workers to the coordinator that comes next.
std::string coordinator_script(const SlurmSweep& sweep);

// A worker, which needs `coordinator` (a job's id; empty: none is waited for) to have started.
std::string worker_script(const SlurmSweep& sweep);

}  // namespace wcam
