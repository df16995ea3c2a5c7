#include "analysis/report/alexnet.h"

#include <map>

namespace wcam {

std::optional<double> alexnet_error(const std::string& corruption) {
  static const std::map<std::string, double> errors{{"gaussian-noise", 0.886428},
                                                    {"shot-noise", 0.894468},
                                                    {"impulse-noise", 0.922640},
                                                    {"defocus-blur", 0.819880},
                                                    {"glass-blur", 0.826268},
                                                    {"motion-blur", 0.785948},
                                                    {"zoom-blur", 0.798360},
                                                    {"snow", 0.866816},
                                                    {"frost", 0.826572},
                                                    {"fog", 0.819324},
                                                    {"brightness", 0.564592},
                                                    {"contrast", 0.853204},
                                                    {"elastic-transformation", 0.646056},
                                                    {"pixelate", 0.717840},
                                                    {"jpeg", 0.606500}};
  const auto known = errors.find(corruption);
  if (known == errors.end()) return std::nullopt;
  return known->second;
}

}  // namespace wcam
