#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/queue/sweep_state.h"
#include "coordinator/queue/worker_ending.h"

namespace wcam {

struct SchedulerOptions {
  std::chrono::milliseconds lease{30'000};     // silence after which a worker is lost
  std::chrono::milliseconds heartbeat{1'000};  // the workers' period, well below the lease
  std::uint32_t max_attempts = 3;              // failures, or lost workers, after which a job is set aside
  // Before a job that failed, or whose worker was lost, goes out again: what caused it may pass. Four times
  // as long after each further failure or loss, a minute at most. In memory only: a restart forgets it.
  std::chrono::milliseconds backoff{1'000};
  // A worker that would have nothing to do tries as well what others have had in hand for more than twice as
  // long as such jobs take: see Assignment::second_attempts(). The first durable answer counts.
  bool speculate = false;
  // Images whose predictions are asked for ahead of the first undecided one, at most: enough work for many
  // workers and long runs with one model, and bounds memory. Fewer when the sample needs fewer: no prediction
  // is wasted.
  std::uint32_t look_ahead = 1'024;
  // Of plans on their way to workers, or one: each may have megabytes, and lies in memory until the network
  // has taken it.
  std::size_t plan_bytes = std::size_t{64} << 20;
  // Whether the process is known to have ended: asked after three heartbeats' silence, so that a worker
  // killed on the coordinator's own host is not waited for until its lease ends. Empty: nobody knows.
  std::function<bool(const WorkerInfo&)> has_ended;
  // How a lost worker ended, and what it logged last, in Hello.log: kept with the jobs it had in hand. Empty:
  // nobody knows.
  std::function<WorkerEnding(const WorkerInfo&, const std::string& log)> ending_of;
  // Whom an attempt was handed to, as the ledger has it: asked about answers and jobs in hand of attempts
  // that have ended (a lost worker that comes back, a coordinator that restarted). Those of others are not
  // believed. Empty: everybody is believed.
  std::function<std::optional<WorkerId>(JobId, Attempt)> holder;
  // What a sweep had done before it was extended, by job: done again as soon as the job is added.
  std::unordered_map<JobId, JobDone> inherited;
  // Outputs of a WCAM at the first points of its design (wire.proto, Explain.known_outputs). Empty: none.
  std::function<std::vector<float>(const JobSpec&)> known_outputs;
};

}  // namespace wcam
