#include "coordinator/queue/roster.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/error.h"

namespace wcam {

Roster::Roster(const SweepState& state)
    : connected_name_(state.workers().size()), crowd_(state.plan().cases.size()) {
  for (std::uint32_t i = 0; i < state.workers().size(); ++i) ids_[state.workers()[i].name] = WorkerId{i};
}

std::optional<WorkerId> Roster::id_of(const std::string& worker) const {
  const auto found = ids_.find(worker);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void Roster::meet(const std::string& worker, WorkerId id) {
  ids_.emplace(worker, id);
  connected_name_.emplace_back();
}

Link& Roster::connect(const std::string& worker) {
  Link& link = links_[worker];
  link.name = worker;
  link.id = ids_.at(worker);
  connected_name_[value(link.id)] = worker;
  return link;
}

void Roster::remove(Links::iterator link) {
  set_cases(link->second, {}, -1);
  connected_name_[value(link->second.id)].clear();
  links_.erase(link);
}

const Link* Roster::find(WorkerId worker) const {
  if (value(worker) >= connected_name_.size()) return nullptr;
  const auto found = links_.find(connected_name_[value(worker)]);
  return found == links_.end() ? nullptr : &found->second;
}

Link* Roster::find(WorkerId worker) { return const_cast<Link*>(std::as_const(*this).find(worker)); }

void Roster::add_lease(Link& link, JobId job, int case_index, TimePoint now) {
  link.leases[job] = {++hand_outs_, now, now, false, std::nullopt};
  set_cases(link, link.cases, case_index);
}

void Roster::set_cases(Link& link, std::vector<int> cases, int first) {
  if (first >= 0) cases.insert(cases.begin(), first);
  std::vector<int> once;
  for (const int c : cases)
    if (std::find(once.begin(), once.end(), c) == once.end()) once.push_back(c);
  for (const int c : link.cases) --crowd_[static_cast<std::size_t>(c)];
  link.cases = std::move(once);
  for (const int c : link.cases) ++crowd_[static_cast<std::size_t>(c)];
}

void Roster::check_invariants(const JobTable& jobs) const {
  for (std::uint32_t i = 0; i < connected_name_.size(); ++i) {
    const std::set<JobId>& held = jobs.leased_to(WorkerId{i});
    const Link* link = find(WorkerId{i});
    if (link == nullptr && !held.empty()) invariant_broken("jobs leased to a worker that is not connected");
    if (link == nullptr) continue;
    if (link->leases.size() != held.size())
      invariant_broken("a link and the job table disagree on what it holds");
    for (const JobId id : held)
      if (!link->leases.contains(id)) invariant_broken("a leased job its link does not know of");
  }
  std::vector<std::uint32_t> crowd(crowd_.size());
  for (const auto& [name, link] : links_)
    for (const int c : link.cases) ++crowd[static_cast<std::size_t>(c)];
  if (crowd != crowd_) invariant_broken("crowd_ disagrees with the links");
}

}  // namespace wcam
