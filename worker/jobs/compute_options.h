// Where and how wide the worker computes: no number depends on it beyond rounding.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <string>

namespace wcam {

struct ComputeOptions {
  std::string device = "cpu";  // or "cuda:N"
  int threads = 1;             // of LibTorch, 1..256
  // Images per forward, 1..1024. Eight: as fast as any on a CPU, at half the memory of sixteen
  // (benchmarks/RESULTS.md).
  int batch_size = 8;
};

// --device, --threads, --batch-size.
boost::program_options::options_description compute_options();
// Throws UsageError naming option, value and bound, also for a device that is not there.
ComputeOptions compute_settings(const boost::program_options::variables_map& values);

}  // namespace wcam
