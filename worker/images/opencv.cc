#include "worker/images/opencv.h"

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

namespace wcam {

void tame_opencv() {
  static const bool once = [] {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    cv::redirectError([](int, const char*, const char*, const char*, int, void*) { return 0; });
    cv::setNumThreads(1);
    return true;
  }();
  static_cast<void>(once);
}

std::string opencv_version() { return "OpenCV " + cv::getVersionString(); }

}  // namespace wcam
