#include "coordinator/operate/job_prefix.h"

#include <charconv>

#include "common/base/error.h"

namespace wcam {

JobRange jobs_beginning_with(const std::string& prefix) {
  constexpr std::size_t kDigits = 16;
  std::uint64_t first = 0;
  const auto [end, error] = std::from_chars(prefix.data(), prefix.data() + prefix.size(), first, 16);
  if (prefix.empty() || prefix.size() > kDigits || error != std::errc{} ||
      end != prefix.data() + prefix.size())
    throw UsageError("job '" + prefix +
                     "' is not the first 1 to 16 hex digits of an id; `wcam jobs` lists them");
  const auto free_bits = static_cast<unsigned>(4 * (kDigits - prefix.size()));
  first <<= free_bits;
  return {JobId{first}, JobId{first | ((std::uint64_t{1} << free_bits) - 1)}};
}

JobId only_job(const std::string& prefix, const std::vector<JobId>& found) {
  if (found.empty()) throw UsageError("no job's id begins with '" + prefix + "'; `wcam jobs` lists them");
  if (found.size() > 1)
    throw UsageError("'" + prefix + "' begins the id of several jobs, such as " + to_string(found[0]) +
                     " and " + to_string(found[1]) + ": give more digits");
  return found[0];
}

}  // namespace wcam
