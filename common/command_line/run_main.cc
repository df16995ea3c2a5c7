#include "common/command_line/run_main.h"

#include <boost/program_options/errors.hpp>
#include <cstdio>

#include "common/base/printable.h"

namespace wcam {

namespace {

int report(const std::string& program, const char* what, ExitCode code) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), printable_lines(what).c_str());
  return static_cast<int>(code);
}

}  // namespace

int run_main(const std::string& program, const std::function<ExitCode()>& body) {
  try {
    return static_cast<int>(body());
  } catch (const UsageError& e) {
    return report(program, e.what(), ExitCode::kUsage);
  } catch (const boost::program_options::error& e) {
    return report(program, e.what(), ExitCode::kUsage);
  } catch (const InputError& e) {
    return report(program, e.what(), ExitCode::kBadInput);
  } catch (const std::exception& e) {
    return report(program, (std::string("internal error: ") + e.what()).c_str(), ExitCode::kInternal);
  }
}

}  // namespace wcam
