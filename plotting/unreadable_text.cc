#include "plotting/unreadable_text.h"

#include <iostream>
#include <mutex>
#include <set>

namespace wcam {

void warn_of_boxes(const std::string& text, const std::string& packages) {
  static std::mutex mutex;
  static std::set<std::string> warned;
  const std::lock_guard lock(mutex);
  if (warned.insert(text).second)
    std::cerr << "warning: no installed font has all characters of '" << text
              << "', which are drawn as boxes: apt-get install " << packages << ", then draw again\n";
}

}  // namespace wcam
