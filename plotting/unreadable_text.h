// What is said of text that no installed font can draw (Canvas::unreadable()).
#pragma once

#include <string>

namespace wcam {

// A warning on stderr, once of each text, however many figures have it, and whichever thread draws.
void warn_of_boxes(const std::string& text, const std::string& packages);

}  // namespace wcam
