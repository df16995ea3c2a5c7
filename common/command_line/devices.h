// The devices of one machine's workers, as `wcam run`, `plan` and `doctor` name them.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <string>
#include <vector>

namespace wcam {

// The options --workers and --devices.
boost::program_options::options_description crew_options();

// What --devices lists: "cpu", "cuda", "cuda:N", or a GPU by the name that `nvidia-smi -L` gives it,
// "GPU-..." or "MIG-...". Throws UsageError for what is none of these, or for none.
std::vector<std::string> devices_of(const boost::program_options::variables_map& values);

// How many workers: what --workers says, 1..256; else one a usable core, as far as each has a GiB of memory
// (LibTorch, the weights and one batch of a ResNet-50), or, with a GPU among the devices, one a device, since
// two on one GPU wait for each other.
int workers_of(const boost::program_options::variables_map& values, const std::vector<std::string>& devices);

// Has wcam-worker look at each device but the processor, as the workers that get it would. Throws UsageError
// naming one that LibTorch cannot use; one of which nothing is known after a minute is left to them.
void check_usable(const std::vector<std::string>& devices);

// The beginning of the command of worker i of a crew, which gets devices[i % size]: `wcam-worker VERB ...
// --device D`. A GPU that is named is the only one that worker sees, so its number there is 0: CUDA shows a
// process one MIG instance.
std::vector<std::string> worker_command(const std::string& verb, const std::vector<std::string>& devices,
                                        int worker);

}  // namespace wcam
