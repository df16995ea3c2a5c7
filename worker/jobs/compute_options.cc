#include "worker/jobs/compute_options.h"

#include <boost/program_options/value_semantic.hpp>

#include "common/command_line/options.h"
#include "worker/models/device.h"

namespace po = boost::program_options;

namespace wcam {

po::options_description compute_options() {
  const ComputeOptions d;
  po::options_description options("Computing");
  options.add_options()                                                                         //
      ("device", po::value<std::string>()->default_value(d.device), "cpu or cuda:N")            //
      ("threads", po::value<int>()->default_value(d.threads), "threads of LibTorch, 1 to 256")  //
      ("batch-size", po::value<int>()->default_value(d.batch_size), "images per forward, 1 to 1024");
  return options;
}

ComputeOptions compute_settings(const po::variables_map& values) {
  ComputeOptions settings;
  settings.device = values["device"].as<std::string>();
  parse_device(settings.device);  // before any work
  settings.threads = in_range(values, "threads", 1, 256);
  settings.batch_size = in_range(values, "batch-size", 1, 1024);
  return settings;
}

}  // namespace wcam
