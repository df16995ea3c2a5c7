// Time and chance of a simulation: what happens when depends on the seed alone.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

namespace wcam::simulation {

using std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : bits_(seed) {}

  // 0 ... n - 1. Not std::uniform_int_distribution, which every library makes another way.
  std::uint64_t below(std::uint64_t n) { return bits_() % n; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
  milliseconds time(milliseconds least, milliseconds most) {
    return milliseconds{
        between(static_cast<std::uint64_t>(least.count()), static_cast<std::uint64_t>(most.count()))};
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 bits_;
};

// What is to happen, in order of time; at the same time, in the order in which it was asked for.
class Clock {
 public:
  TimePoint now() const { return now_; }
  milliseconds elapsed() const { return std::chrono::duration_cast<milliseconds>(now_ - kStart); }

  void at(TimePoint time, std::function<void()> action) {
    due_.push_back({std::max(time, now_), ++count_, std::move(action)});
    std::push_heap(due_.begin(), due_.end());
  }
  void after(milliseconds delay, std::function<void()> action) { at(now_ + delay, std::move(action)); }

  // The next thing happens.
  void step() {
    std::pop_heap(due_.begin(), due_.end());
    const Due next = std::move(due_.back());
    due_.pop_back();
    now_ = next.time;
    next.action();
  }

 private:
  static constexpr TimePoint kStart{std::chrono::hours{1}};
  struct Due {
    TimePoint time;
    std::uint64_t count = 0;
    std::function<void()> action;
    bool operator<(const Due& other) const {  // the heap's front is the greatest: the earliest
      return time != other.time ? time > other.time : count > other.count;
    }
  };

  TimePoint now_ = kStart;
  std::uint64_t count_ = 0;
  std::vector<Due> due_;
};

}  // namespace wcam::simulation
