#include "common/base/error.h"

#include <boost/program_options/errors.hpp>
#include <cstdio>
#include <cstdlib>

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

void invariant_broken(const std::string& what) {
  std::fprintf(stderr, "invariant broken: %s\n", what.c_str());
  std::abort();
}

}  // namespace wcam
