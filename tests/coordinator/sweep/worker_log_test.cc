#include "coordinator/sweep/worker_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "common/base/log.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

class EndingInALog : public testing::Test {
 protected:
  void log(pid_t pid, const std::string& message) const {
    append_to_log(file_, "info", "wcam-worker", pid, message);
  }

  TemporaryFolder folder_;
  const fs::path file_ = folder_.path() / "worker-1.log";
};

TEST_F(EndingInALog, IsTheLastLinesOfThatProcessAndHowItEnded) {
  for (int i = 0; i < 20; ++i) log(17, "line " + std::to_string(i));
  log(1, "of another, program=wcam pid=17 it says");
  append_to_log(file_, "error", "wcam", 17, "worker-1 was killed by signal 9 (Killed)");
  log(18, "the next");
  const WorkerEnding words = ending_in(file_, 17);
  EXPECT_EQ(words.how, "worker-1 was killed by signal 9 (Killed)");
  EXPECT_EQ(std::count(words.log_tail.begin(), words.log_tail.end(), '\n'), 7);
  EXPECT_NE(words.log_tail.find("message=\"line 13\"\n"), std::string::npos) << words.log_tail;
  EXPECT_EQ(words.log_tail.find("of another"), std::string::npos);
  EXPECT_TRUE(words.log_tail.ends_with("message=\"worker-1 was killed by signal 9 (Killed)\""))
      << words.log_tail;
  EXPECT_EQ(ending_in(file_, 19).log_tail, "");
  EXPECT_EQ(ending_in(file_, 1).how, "");
}

TEST_F(EndingInALog, IsBoundedAndPlain) {
  for (int i = 0; i < 100; ++i) log(17, std::string(5'000, 'x'));
  EXPECT_LE(ending_in(file_, 17).log_tail.size(), 1'500U);
  std::ofstream(file_, std::ios::app) << "time=now level=info program=p pid=17 message=\"a\x1b[31m\x01 b\"\n";
  const std::string tail = ending_in(file_, 17).log_tail;
  EXPECT_TRUE(tail.ends_with("message=\"a [31m  b\"")) << tail;
}

TEST_F(EndingInALog, IsNotReadThroughALinkNorFromWhatIsNoFile) {
  log(17, "secret");
  fs::create_symlink(file_, folder_.path() / "link.log");
  EXPECT_EQ(ending_in(folder_.path() / "link.log", 17).log_tail, "");
  EXPECT_EQ(ending_in(folder_.path(), 17).log_tail, "");
  EXPECT_EQ(ending_in(folder_.path() / "none.log", 17).log_tail, "");
}

}  // namespace
}  // namespace wcam
