#include "worker/compute_options.h"

#include <boost/program_options/value_semantic.hpp>

#include "common/error.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

void check_range(const char* option, int value, int high) {
  if (value < 1 || value > high)
    throw UsageError(std::string(option) + " " + std::to_string(value) + " is outside 1 to " +
                     std::to_string(high));
}

}  // namespace

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
  settings.threads = values["threads"].as<int>();
  settings.batch_size = values["batch-size"].as<int>();
  check_range("--threads", settings.threads, 256);
  check_range("--batch-size", settings.batch_size, 1024);
  return settings;
}

}  // namespace wcam
