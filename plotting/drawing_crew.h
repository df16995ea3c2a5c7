// Threads that draw while the one that owns HDF5 reads on.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace wcam {

class DrawingCrew {
 public:
  explicit DrawingCrew(unsigned threads);
  // Waits for what is being drawn; what is not begun is given up.
  ~DrawingCrew();
  DrawingCrew(const DrawingCrew&) = delete;
  DrawingCrew& operator=(const DrawingCrew&) = delete;

  // Any thread of the crew does it; what it throws, the future does.
  std::future<void> draw(std::function<void()> work);

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> waiting_;  // under mutex_
  bool stopping_ = false;                           // under mutex_
  std::vector<std::thread> threads_;
};

}  // namespace wcam
