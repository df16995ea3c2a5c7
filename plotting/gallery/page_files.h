// The files of the page, from this folder.
#pragma once

#include <string_view>

namespace wcam {

extern const std::string_view kGalleryHtml, kGalleryCss, kGalleryJs;

}  // namespace wcam
