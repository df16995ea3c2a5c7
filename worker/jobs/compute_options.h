// Where and in which form the worker computes: no number depends on it beyond rounding.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <string>

#include "common/study/forward_form.h"

namespace wcam {

struct ComputeOptions {
  std::string device = "cpu";  // or "cuda:N"
  int threads = 1;             // of LibTorch, 1..256
  WantedForm form;
};

// --device, --threads, --form, --batch-size.
boost::program_options::options_description compute_options();
// Throws UsageError naming option, value and bound, also for a device that is not there.
ComputeOptions compute_settings(const boost::program_options::variables_map& values);

}  // namespace wcam
