#include <boost/program_options/value_semantic.hpp>
#include <iostream>
#include <string>

#include "analysis/commands/commands.h"
#include "analysis/commands/store_info.h"
#include "common/base/printable.h"
#include "common/command_line/options.h"

namespace po = boost::program_options;

namespace wcam {

ExitCode info_command(const Arguments& arguments) {
  CommandLine line;
  line.usage = "wcam info SWEEP|FILE.h5 [--json]";
  line.about =
      "What a sweep or a file of results is: what it holds, of which images, classifiers and settings, what\n"
      "computed it, how much of it is doubtful.";
  line.example = "wcam info study/results.h5";
  line.options.add_options()  //
      ("sweep", po::value<std::string>()->value_name("FILE")->required(),
       "the sweep's directory, or a file of results")  //
      ("json", po::bool_switch(), "for scripts");
  line.positional.add("sweep", 1);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const StoreInfo info = info_of((*values)["sweep"].as<std::string>());
  std::cout << ((*values)["json"].as<bool>() ? to_json_text(info) : printable_lines(to_text(info)));
  return ExitCode::kDone;
}

}  // namespace wcam
