// What is known of the WCAMs of a sweep that was extended by design points: the outputs at the points that it
// had. A worker that is told them computes the others alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "common/base/sweep_directory.h"
#include "common/store/results.h"
#include "common/study/plan.h"

namespace wcam {

class KnownOutputs {
 public:
  // Reads SWEEP/earlier/ID/results.h5 of the plan before each addition of points, all of it: a changed value
  // would be in the new results. Keeps the index. A file that is gone, damaged or another sweep's is warned
  // of: what it had is then computed again.
  KnownOutputs(const SweepDirectory& sweep, const Plan& plan);

  // As profiles/outputs (common/store/format.md) of the most points that are there; empty: none is, it cannot
  // be read, or it is too long for a message.
  std::vector<float> of(const std::string& image, const std::string& variant, const std::string& case_name,
                        std::int64_t label, std::uint32_t replicate) const;

 private:
  using Wcam = std::tuple<std::string, std::string, std::string, std::int64_t, std::uint32_t>;
  struct Place {
    std::size_t file = 0, row = 0;
  };
  struct File {
    Results results;
    std::size_t outputs = 0;  // of each WCAM
  };
  void add(const EarlierPlan& earlier, const Plan& plan, const std::filesystem::path& path);

  std::vector<File> files_;
  std::map<Wcam, Place> places_;
};

}  // namespace wcam
