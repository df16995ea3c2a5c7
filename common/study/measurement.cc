#include "common/study/measurement.h"

#include <nlohmann/json.hpp>

#include "common/base/error.h"

using nlohmann::json;

namespace wcam {

std::string to_json_text(const Measurement& m) {
  json cases = json::array();
  for (const CaseSpeed& c : m.cases)
    cases.push_back({{"name", c.name},
                     {"load_seconds", c.load_seconds},
                     {"image_seconds", c.image_seconds},
                     {"gradient_seconds", c.gradient_seconds}});
  return json{{"cases", std::move(cases)},
              {"variants_seconds", m.variants_seconds},
              {"picture_bytes", m.picture_bytes},
              {"memory_bytes", m.memory_bytes}}
             .dump(1) +
         "\n";
}

Measurement measurement_from_json_text(const std::string& text) try {
  const json document = json::parse(text);
  Measurement m;
  for (const json& c : document.at("cases"))
    m.cases.push_back({c.at("name").get<std::string>(), c.at("load_seconds").get<double>(),
                       c.at("image_seconds").get<double>(), c.at("gradient_seconds").get<double>()});
  document.at("variants_seconds").get_to(m.variants_seconds);
  document.at("picture_bytes").get_to(m.picture_bytes);
  document.at("memory_bytes").get_to(m.memory_bytes);
  return m;
} catch (const json::exception& e) {
  throw InputError(std::string("not a measurement: ") + e.what());
}

}  // namespace wcam
