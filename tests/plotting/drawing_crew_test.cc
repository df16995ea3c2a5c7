#include "plotting/drawing_crew.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace wcam {
namespace {

TEST(DrawingCrew, DoesEverythingThatIsWaitedFor) {
  DrawingCrew crew(3);
  std::atomic<int> done{0};
  std::vector<std::future<void>> futures;
  for (int i = 0; i < 100; ++i) futures.push_back(crew.draw([&] { ++done; }));
  for (auto& future : futures) future.get();
  EXPECT_EQ(done, 100);
}

TEST(DrawingCrew, WorksOnSeveralThings) {
  DrawingCrew crew(2);
  std::promise<void> first_runs, second_ran;
  auto first = crew.draw([&] {
    first_runs.set_value();
    second_ran.get_future().wait();
  });
  first_runs.get_future().wait();
  crew.draw([&] { second_ran.set_value(); }).get();
  first.get();
}

TEST(DrawingCrew, HandsOnWhatIsThrown) {
  DrawingCrew crew(1);
  auto future = crew.draw([] { throw std::runtime_error("disk full"); });
  EXPECT_THROW(future.get(), std::runtime_error);
  crew.draw([] {}).get();
}

TEST(DrawingCrew, GivesUpWhatIsNotBegunWhenItEnds) {
  std::promise<void> begun, go_on;
  std::atomic<bool> done{false};
  std::thread opener;
  {
    DrawingCrew crew(1);
    (void)crew.draw([&] {
      begun.set_value();
      go_on.get_future().wait();
    });
    begun.get_future().wait();
    auto never = crew.draw([&] { done = true; });
    // It waits for the first, which this thread lets go while the crew ends.
    opener = std::thread([&, given_up = std::move(never)]() mutable {
      EXPECT_THROW(given_up.get(), std::future_error);
      go_on.set_value();
    });
  }
  opener.join();
  EXPECT_FALSE(done);
}

}  // namespace
}  // namespace wcam
