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
      ("form", po::value<std::string>()->default_value(form_name(ForwardForm{}.optimised)),
       "how the network is run: plain, optimised, or auto, what `wcam tune` finds fastest")  //
      ("batch-size", po::value<std::string>()->default_value(std::to_string(ForwardForm{}.batch_size)),
       "images per forward, 1 to 1024, or auto");
  return options;
}

ComputeOptions compute_settings(const po::variables_map& values) {
  ComputeOptions settings;
  settings.device = values["device"].as<std::string>();
  parse_device(settings.device);  // before any work
  settings.threads = in_range(values, "threads", 1, 256);
  settings.form = wanted_form(values["form"].as<std::string>(), values["batch-size"].as<std::string>());
  return settings;
}

}  // namespace wcam
