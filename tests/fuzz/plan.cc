// plan.json, as a worker gets it from a coordinator and everybody reads it from a sweep's folder.
#include "common/study/plan.h"

#include "common/base/error.h"
#include "tests/fuzz/target.h"

using namespace wcam;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) try {
  const Plan plan = plan_from_json_text(text_of(data, size), "plan.json");
  const std::string id = sweep_id(plan), text = to_json_text(plan);
  const Plan again = plan_from_json_text(text, "its own text");
  demand(sweep_id(again) == id, "a plan that was written and read has another id");
  demand(to_json_text(again) == text, "a plan that was written and read has another text");
  check(plan);
  check(again);
  return 0;
} catch (const InputError&) {
  return 0;
}
