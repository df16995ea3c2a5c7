// What the coordinator's page shows, taken by its loop once a second and read by the page's threads; and the
// two texts made of it. Pure.
#pragma once

#include <string>
#include <vector>

#include "coordinator/queue/scheduler.h"
#include "coordinator/serve/throughput.h"
#include "coordinator/sweep/status.h"
#include "coordinator/transport/router_counters.h"

namespace wcam {

struct WorkerProgress {
  WorkerInfo info;
  bool connected = false;
  Pace pace;
  std::vector<std::string> in_hand;  // jobs
};

struct CaseProgress {
  std::string name;
  Pace pace;
  std::uint64_t known = 0, set_aside = 0;  // jobs, without cancelled ones
};

struct PageData {
  Status status;
  std::vector<WorkerProgress> workers;  // connected, or with jobs done in this run
  std::vector<CaseProgress> cases;
  RouterCounters router;
  SchedulerCounters scheduler;
};

// A picture of SWEEP/figures.
struct FigureFile {
  std::string name;           // relative, "figure-5/robust_training_corruptions_0.png"
  std::int64_t modified = 0;  // Unix time in ms
};

// SWEEP/status.json's keys, and by_worker, by_case, figures.
std::string to_json_text(const PageData& snapshot, const std::vector<FigureFile>& figures);

// Prometheus text exposition format 0.0.4
// (https://github.com/prometheus/docs/blob/main/content/docs/instrumenting/exposition_formats.md).
std::string metrics_text(const PageData& snapshot);

}  // namespace wcam
