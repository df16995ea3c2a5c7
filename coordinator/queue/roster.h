// The workers that are connected: what each has said of itself and what is in its hand. Keeps no time and
// decides nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/wire/credit.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

// A connected worker.
struct Link {
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Lease {
    std::uint64_t number = 0;  // of all hand-outs: a worker begins its jobs in this order
    TimePoint since;
    TimePoint confirmed;                  // latest proof that it has it: assignment, heartbeat
    bool arrived = false;                 // a heartbeat named this attempt, not only an earlier one
    std::optional<TimePoint> asked_back;  // for a worker that has nothing to do
  };

  std::string name;   // Message::worker
  std::string log;    // Hello.log
  std::string place;  // "cuda:0 of pid 4711 on node3", for people
  WorkerId id{};
  TimePoint last_heard;
  Credit credit;
  std::string trouble;  // why it can store nothing; empty: it can
  TimePoint trouble_since;
  // Cases it has loaded, as Ready told, the one of the job given last in front; most recently used first. The
  // last may have to make room for the first. Changed by Roster::set_cases alone.
  std::vector<int> cases;
  std::unordered_map<JobId, Lease> leases;
  // Its last heartbeat named jobs that are not its any more, or one was released since: it may still be
  // computing that.
  bool others_in_hand = false;

  std::size_t in_hand() const { return leases.size() + (others_in_hand ? 1 : 0); }
};

// It gets no job any more.
inline bool is_drained(const SweepState& state, const Link& link) {
  return state.workers()[value(link.id)].drained;
}

class Roster {
 public:
  using TimePoint = Link::TimePoint;
  using Links = std::map<std::string, Link>;  // by name

  // Nobody is connected; who has worked on the sweep before is known.
  explicit Roster(const SweepState& state);

  // Of every worker the sweep has met.
  std::optional<WorkerId> id_of(const std::string& worker) const;
  // One that the sweep has just met: its id is the next.
  void meet(const std::string& worker, WorkerId id);

  // The link of a worker that was met, made if it is not there.
  Link& connect(const std::string& worker);
  void remove(Links::iterator link);

  Links& links() { return links_; }
  const Links& links() const { return links_; }
  // nullptr: not connected.
  Link* find(WorkerId worker);
  const Link* find(WorkerId worker) const;

  // The job is in its hand from now on; its case is the one used last.
  void add_lease(Link& link, JobId job, int case_index, TimePoint now);
  // The cases that the worker has from now on; `first`, unless negative, in front of the others.
  void set_cases(Link& link, std::vector<int> cases, int first);
  // Links that have the case loaded.
  std::uint32_t crowd(std::size_t case_index) const { return crowd_[case_index]; }

  // Links and the job table agree; aborts.
  void check_invariants(const JobTable& jobs) const;

 private:
  Links links_;
  std::unordered_map<std::string, WorkerId> ids_;
  std::vector<std::string> connected_name_;  // by WorkerId; empty: not connected
  std::vector<std::uint32_t> crowd_;         // by case
  std::uint64_t hand_outs_ = 0;
};

}  // namespace wcam
