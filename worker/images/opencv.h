// How OpenCV behaves in this process.
#pragma once

#include <string>

namespace wcam {

// Silences OpenCV, which prints what it also throws or returns, and keeps it to the calling thread: else it
// starts a thread for every core beside each worker's own. Whoever calls OpenCV calls this first; from the
// second time on it does nothing.
void tame_opencv();

// "OpenCV 4.6.0", the one that is loaded.
std::string opencv_version();

}  // namespace wcam
