// Where things are inside a sweep directory. Nothing else spells these names.
#pragma once

#include <filesystem>
#include <string>

namespace wcam {

struct SweepDirectory {
  std::filesystem::path root;

  std::filesystem::path plan() const { return root / "plan.json"; }
  std::filesystem::path ledger() const { return root / "ledger.sqlite"; }
  // Address of the running coordinator, one line; rewritten at each start.
  std::filesystem::path endpoint() const { return root / "coordinator.endpoint"; }
  // How far the sweep is, rewritten by the coordinator every second (coordinator/sweep/status.h).
  std::filesystem::path status() const { return root / "status.json"; }
  std::filesystem::path segments() const { return root / "segments"; }
  std::filesystem::path results() const { return root / "results.h5"; }
  // An empty file that is locked while the sweep is packed.
  std::filesystem::path pack_lock() const { return root / "pack.lock"; }
  // What the sweep was before it was extended, by the id that it had then: plan.json, ledger.sqlite and,
  // where its WCAMs had fewer design points, results.h5.
  std::filesystem::path earlier(const std::string& sweep_id) const {
    return root / "earlier" / sweep_id.substr(0, 12);
  }
  std::filesystem::path figures() const { return root / "figures"; }
  // report.html and what lies beside it (plotting/report/report_files.h).
  std::filesystem::path report() const { return root / "report"; }
  std::filesystem::path logs() const { return root / "logs"; }
  // Scripts and jobs of a sweep that was submitted (cluster/slurm_jobs.h).
  std::filesystem::path slurm() const { return root / "slurm"; }
  // The id of its coordinator's job, one line.
  std::filesystem::path slurm_coordinator() const { return slurm() / "coordinator"; }
  // Who is who in the conversation between coordinator and workers (common/wire/keys.h).
  std::filesystem::path keys() const { return root / "keys"; }
  std::filesystem::path coordinator_key() const { return keys() / "coordinator.key"; }
  std::filesystem::path worker_key(const std::string& name) const { return keys() / (name + ".key"); }
  std::filesystem::path allowed_keys() const { return keys() / "allowed"; }
};

}  // namespace wcam
