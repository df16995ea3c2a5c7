#include "coordinator/operate/job_selection.h"

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/command_line/suggestion.h"
#include "coordinator/operate/job_prefix.h"

namespace wcam {

namespace {

JobId job_named(const SweepState& state, const std::string& prefix) {
  const JobRange range = jobs_beginning_with(prefix);
  if (range.first == range.last && state.jobs().find(range.first) != nullptr) return range.first;
  std::vector<JobId> found;
  for (const auto& [id, job] : state.jobs().all())
    if (range.first <= id && id <= range.last) found.push_back(id);
  return only_job(prefix, found);
}

std::uint16_t case_named(const SweepState& state, const std::string& name) {
  const auto& cases = state.plan().cases;
  const auto found =
      std::find_if(cases.begin(), cases.end(), [&](const CaseSpec& c) { return c.name == name; });
  if (found == cases.end())
    throw UsageError("no case '" + name + "' in this sweep" + but_known(name, cases, &CaseSpec::name));
  return static_cast<std::uint16_t>(found - cases.begin());
}

// Looked through for what was meant: while it is, a coordinator does nothing else.
constexpr std::size_t kMostCompared = 100'000;

std::string image_meant(const SweepState& state, const std::string& name) {
  std::vector<std::string> known;
  for (std::uint32_t i = 0; i < std::min(state.images().size(), kMostCompared); ++i)
    known.push_back(state.planned(i).path);
  return did_you_mean(name, known);
}

std::set<std::uint32_t> images_named(const SweepState& state, const auto& names) {
  std::map<std::string, std::optional<std::uint32_t>> wanted;
  for (const std::string& name : names) wanted.emplace(name, std::nullopt);
  for (std::uint32_t i = 0; i < state.images().size() && !wanted.empty(); ++i)
    if (const auto found = wanted.find(state.planned(i).path); found != wanted.end()) found->second = i;
  std::set<std::uint32_t> images;
  for (const auto& [name, place] : wanted) {
    if (!place) {
      const std::string guess = image_meant(state, name);
      throw UsageError("no image '" + name + "' in this sweep" +
                       (guess.empty() ? "; name it as `wcam jobs` does, below the folder of images" : guess));
    }
    images.insert(*place);
  }
  return images;
}

}  // namespace

JobSelection choice_of(const SweepState& state, const wire::JobSelector& named) {
  std::vector<std::string> given;
  for (const auto& [option, is_given] : {std::pair{"--all", named.all()},
                                         {"--failed", named.failed()},
                                         {"--job", named.jobs_size() > 0},
                                         {"--case", named.cases_size() > 0},
                                         {"--image", named.images_size() > 0}})
    if (is_given) given.emplace_back(option);
  if (given.empty()) throw UsageError("say which jobs: --job, --case, --image or --all");
  if (given.size() > 1)
    throw UsageError(boost::algorithm::join(given, " and ") + " do not go together: one says which jobs");
  JobSelection choice;
  choice.all = named.all();
  choice.failed = named.failed();
  for (const std::string& prefix : named.jobs()) choice.jobs.insert(job_named(state, prefix));
  for (const std::string& name : named.cases()) choice.cases.insert(case_named(state, name));
  choice.images = images_named(state, named.images());
  return choice;
}

}  // namespace wcam
