// tests/analysis/golden/statistics.json: what SciPy says of given numbers.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#ifndef WCAM_SOURCE_DIR
#error "compile with -DWCAM_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\""
#endif

namespace wcam::test {

using Numbers = std::vector<double>;

// The cases of one kind, at least one.
inline nlohmann::json golden_statistics(const std::string& kind) {
  static const nlohmann::json all = nlohmann::json::parse(
      std::ifstream(std::string(WCAM_SOURCE_DIR) + "/tests/analysis/golden/statistics.json"));
  const nlohmann::json& cases = all.at(kind);
  if (cases.empty()) throw std::runtime_error("statistics.json has no " + kind);
  return cases;
}

}  // namespace wcam::test
