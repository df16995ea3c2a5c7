#include "common/base/ids.h"

#include <cstdio>
#include <initializer_list>
#include <random>

#include "common/base/sha256.h"

namespace wcam {

namespace {

JobId id_of(const std::string& name) {
  return JobId{std::stoull(sha256_of(name).substr(0, 16), nullptr, 16) >> 1U};
}

std::string join(std::initializer_list<std::string_view> parts) {
  std::string name;
  for (const std::string_view part : parts) {
    name += part;
    name += '\0';  // cannot occur in a path or a name, so different jobs have different names
  }
  return name;
}

}  // namespace

JobId predict_job_id(std::string_view image, std::string_view case_name, std::string_view variants) {
  return id_of(join({"predict", image, variants, case_name}));
}

JobId explain_job_id(std::string_view image, std::string_view variant, std::string_view case_name,
                     std::string_view explained, std::uint32_t replicate) {
  std::string name = join({"explain", image, variant, case_name});
  if (explained != "predicted" || replicate != 0) name += join({explained, std::to_string(replicate)});
  return id_of(name);
}

std::string random_name() {
  std::random_device device;
  char text[33];
  std::snprintf(text, sizeof text, "%08x%08x%08x%08x", device(), device(), device(), device());
  return text;
}

std::string to_string(JobId id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value(id)));
  return text;
}

std::string to_string(JobKind kind) { return kind == JobKind::kPredict ? "predict" : "explain"; }

}  // namespace wcam
