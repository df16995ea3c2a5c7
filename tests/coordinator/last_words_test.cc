#include "coordinator/last_words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "common/log.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

class LastWordsTest : public testing::Test {
 protected:
  void log(pid_t pid, const std::string& message) const {
    append_to_log(file_, "info", "wcam-worker", pid, message);
  }

  TemporaryFolder folder_;
  const fs::path file_ = folder_.path() / "worker-1.log";
};

TEST_F(LastWordsTest, AreTheLastLinesOfThatProcessAndHowItEnded) {
  for (int i = 0; i < 20; ++i) log(17, "line " + std::to_string(i));
  log(1, "of another, program=wcam pid=17 it says");
  append_to_log(file_, "error", "wcam", 17, "worker-1 was killed by signal 9 (Killed)");
  log(18, "the next");
  const LastWords words = last_words(file_, 17);
  EXPECT_EQ(words.ending, "worker-1 was killed by signal 9 (Killed)");
  EXPECT_EQ(std::count(words.tail.begin(), words.tail.end(), '\n'), 7);
  EXPECT_NE(words.tail.find("message=\"line 13\"\n"), std::string::npos) << words.tail;
  EXPECT_EQ(words.tail.find("of another"), std::string::npos);
  EXPECT_TRUE(words.tail.ends_with("message=\"worker-1 was killed by signal 9 (Killed)\"")) << words.tail;
  EXPECT_EQ(last_words(file_, 19).tail, "");
  EXPECT_EQ(last_words(file_, 1).ending, "");
}

TEST_F(LastWordsTest, AreBoundedAndPlain) {
  for (int i = 0; i < 100; ++i) log(17, std::string(5'000, 'x'));
  EXPECT_LE(last_words(file_, 17).tail.size(), 1'500U);
  std::ofstream(file_, std::ios::app) << "time=now level=info program=p pid=17 message=\"a\x1b[31m\x01 b\"\n";
  const std::string tail = last_words(file_, 17).tail;
  EXPECT_TRUE(tail.ends_with("message=\"a [31m  b\"")) << tail;
}

TEST_F(LastWordsTest, AreNotReadThroughALinkNorFromWhatIsNoFile) {
  log(17, "secret");
  fs::create_symlink(file_, folder_.path() / "link.log");
  EXPECT_EQ(last_words(folder_.path() / "link.log", 17).tail, "");
  EXPECT_EQ(last_words(folder_.path(), 17).tail, "");
  EXPECT_EQ(last_words(folder_.path() / "none.log", 17).tail, "");
}

}  // namespace
}  // namespace wcam
