// GoogleTest's main, but for what it takes for success: a test that was skipped, and a filter that matches
// none.
#include <gtest/gtest.h>

#include <iostream>

namespace {

constexpr int kSkipped = 77;  // SKIP_RETURN_CODE of CMakeLists.txt

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const int failed = RUN_ALL_TESTS();
  if (failed != 0 || GTEST_FLAG_GET(list_tests)) return failed;
  const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
  if (tests.test_to_run_count() == 0) {
    std::cerr << "no test matches --gtest_filter=" << GTEST_FLAG_GET(filter) << '\n';
    return 1;
  }
  return tests.skipped_test_count() > 0 ? kSkipped : 0;
}
