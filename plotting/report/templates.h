// The files of this folder that reports are made of: Mustache's templates and a style sheet.
#pragma once

#include <string_view>

namespace wcam {

extern const std::string_view kPageTemplate, kPageStyle, kColumnsTemplate;

}  // namespace wcam
