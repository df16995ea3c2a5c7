// Names in the writing that papers use.
#pragma once

#include <string>

namespace wcam {

// "AugMix" for a case named augmix, "Adv. free" for adv_free; a name that is not well known as it is.
std::string case_title(const std::string& name);

}  // namespace wcam
