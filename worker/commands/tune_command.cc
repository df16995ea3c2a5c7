#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <filesystem>
#include <set>

#include "common/base/printable.h"
#include "common/base/sha256.h"
#include "common/command_line/options.h"
#include "common/study/case_spec.h"
#include "worker/commands/commands.h"
#include "worker/models/device.h"
#include "worker/models/network.h"
#include "worker/models/tuning.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam tune MODEL... [--device cuda:N] [--threads N] [--input-size N]";
  line.about =
      "Measures, in 20 s a network at most, how long a forward takes with 1 to 64 images, plain and "
      "optimised "
      "for\n"
      "inference, and says what is fastest. `--form auto --batch-size auto` of other verbs takes what was "
      "found "
      "last.\n"
      "docs/speed.md says more.";
  line.example = "wcam tune models.json\n  wcam tune resnet50.pt --threads 4";
  line.options.add_options()  //
      ("model", po::value<std::vector<std::string>>()->value_name("FILE")->required(),
       "TorchScript file, or models.json (may be given without --model), repeatable")   //
      ("device", po::value<std::string>()->default_value("cpu"), "cpu or cuda:N")       //
      ("threads", po::value<int>()->default_value(1), "threads of LibTorch, 1 to 256")  //
      ("input-size", po::value<int>()->default_value(CaseSpec().input_size),
       "pixels a side that a TorchScript file takes");
  line.positional.add("model", -1);
  return line;
}

std::vector<CaseSpec> cases_of(const po::variables_map& values) {
  std::vector<CaseSpec> cases;
  for (const fs::path file : values["model"].as<std::vector<std::string>>()) {
    if (file.extension() == ".json") {
      const std::vector<CaseSpec> listed = read_models_json(file);
      cases.insert(cases.end(), listed.begin(), listed.end());
      continue;
    }
    CaseSpec spec;
    spec.name = file.stem().string();
    spec.file = file;
    spec.input_size = in_range(values, "input-size", kSmallestInput, kLargestInput);
    spec.sha256 = sha256_of_file(file);
    cases.push_back(spec);
  }
  return cases;
}

std::string row(const Tuning& tuning, const std::set<int>& batches, bool optimised) {
  std::string text = fmt::format("  {:<24}", form_name(optimised) + ", ms an image");
  for (const int batch : batches) {
    const ForwardForm form{optimised, batch};
    const auto time = std::find_if(tuning.times.begin(), tuning.times.end(),
                                   [&](const FormTime& t) { return t.form == form; });
    text += time == tuning.times.end() ? fmt::format("{:>9}", "-")
                                       : fmt::format("{:>9.3g}", 1e3 * time->image_seconds);
  }
  return text;
}

void print(const CaseSpec& spec, const KnownTuning& known) {
  const Tuning& tuning = known.tuning;
  std::set<int> batches;
  for (const FormTime& t : tuning.times) batches.insert(t.form.batch_size);
  std::string head = fmt::format("  {:<24}", "images a forward");
  for (const int batch : batches) head += fmt::format("{:>9}", batch);
  std::printf("%s\n%s\n", printable(spec.name).c_str(), head.c_str());
  for (const bool optimised : {false, true}) std::printf("%s\n", row(tuning, batches, optimised).c_str());
  for (const std::string& one : tuning.left_out) std::printf("  not measured: %s\n", printable(one).c_str());
  const ForwardForm best = tuning.best();
  std::printf("  best: %s, %.2f times as fast as %s: --form %s --batch-size %d\n", to_string(best).c_str(),
              tuning.gain(best), to_string(ForwardForm{}).c_str(), form_name(best.optimised).c_str(),
              best.batch_size);
  if (!known.not_kept.empty())
    std::printf("  not kept for other verbs: %s\n", printable(known.not_kept).c_str());
  std::fflush(stdout);
}

}  // namespace

ExitCode tune_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const std::string device = (*values)["device"].as<std::string>();
  const at::Device on = parse_device(device);
  prepare_torch(in_range(*values, "threads", 1, 256));
  const std::vector<CaseSpec> cases = cases_of(*values);
  std::printf("%s\n", provenance_of(on).c_str());
  for (const CaseSpec& spec : cases) print(spec, known_tuning(spec, device, true));
  return ExitCode::kDone;
}

}  // namespace wcam
