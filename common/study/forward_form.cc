#include "common/study/forward_form.h"

#include <charconv>

#include "common/base/error.h"
#include "common/base/message_text.h"

namespace wcam {

std::string form_name(bool optimised) { return optimised ? "optimised" : "plain"; }

std::string to_string(const ForwardForm& form) {
  return form_name(form.optimised) + ", " + counted(form.batch_size, "image") + " a forward";
}

ForwardForm WantedForm::or_default() const {
  const ForwardForm d;
  return {optimised.value_or(d.optimised), batch_size.value_or(d.batch_size)};
}

bool WantedForm::allows(const ForwardForm& form) const {
  return optimised.value_or(form.optimised) == form.optimised &&
         batch_size.value_or(form.batch_size) == form.batch_size;
}

WantedForm wanted_form(const std::string& form, const std::string& batch_size) {
  WantedForm wanted;
  if (form == form_name(true) || form == form_name(false))
    wanted.optimised = form == form_name(true);
  else if (form != "auto")
    throw UsageError("--form '" + form + "' is not auto, plain or optimised");
  if (batch_size == "auto") return wanted;
  int images = 0;
  const char* const end = batch_size.data() + batch_size.size();
  if (const auto [rest, error] = std::from_chars(batch_size.data(), end, images);
      error == std::errc::invalid_argument || rest != end)
    throw UsageError("--batch-size '" + batch_size + "' is not auto or a number from 1 to " +
                     std::to_string(kLargestBatch));
  else if (error != std::errc() || images < 1 || images > kLargestBatch)
    throw UsageError("--batch-size " + batch_size + " is outside 1 to " + std::to_string(kLargestBatch));
  wanted.batch_size = images;
  return wanted;
}

}  // namespace wcam
