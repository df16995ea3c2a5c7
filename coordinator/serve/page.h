// The files of the page, from this folder.
#pragma once

#include <string_view>

namespace wcam {

extern const std::string_view kPageHtml, kPageCss, kPageJs;

}  // namespace wcam
