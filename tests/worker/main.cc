// GoogleTest's main, but for what it takes for success (a test that was skipped does not count, nor a filter
// that matches none), and for LibTorch, prepared as in every program: else LibTorch 2.6 specialises a network
// that runs again, and has been seen to compile it for ever.
#include <gtest/gtest.h>

#include <iostream>

#include "worker/models/network.h"

namespace {

constexpr int kSkipped = 77;  // SKIP_RETURN_CODE of CMakeLists.txt

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  wcam::prepare_torch(1);
  const int failed = RUN_ALL_TESTS();
  if (failed != 0 || GTEST_FLAG_GET(list_tests)) return failed;
  const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
  if (tests.test_to_run_count() == 0) {
    std::cerr << "no test matches --gtest_filter=" << GTEST_FLAG_GET(filter) << '\n';
    return 1;
  }
  return tests.skipped_test_count() > 0 ? kSkipped : 0;
}
