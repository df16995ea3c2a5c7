#include "common/base/log.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <regex>
#include <sstream>

#include "common/base/file.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

class Log : public testing::Test {
 protected:
  ~Log() override { spdlog::set_default_logger(before_); }

  std::vector<std::string> lines(const std::string& name = "a.log") const {
    std::istringstream in(read_file(folder_.path() / name));
    std::vector<std::string> found;
    for (std::string line; std::getline(in, line);) found.push_back(line);
    return found;
  }

  TemporaryFolder folder_;
  const fs::path file_ = folder_.path() / "a.log";

 private:
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

TEST_F(Log, LineIsKeysAndValuesWithTimeInUtc) {
  using namespace std::chrono;
  const auto time = sys_days(2026y / 11 / 24) + 18h + 1min + 1s + 7ms + 999us;
  EXPECT_EQ(log_line(time, "info", "wcam-worker", 4711, "case a loaded"),
            "time=2026-11-24T18:01:01.007Z level=info program=wcam-worker pid=4711 "
            "message=\"case a loaded\"\n");
}

TEST_F(Log, MessageStaysInItsLineAndItsQuotes) {
  const std::string line = log_line({}, "error", "p", 1, "a \"b\\c\"\nd\te\x1b[31m\x7f µ");
  EXPECT_TRUE(line.ends_with(R"re(message="a \"b\\c\"\nd\te\x1b[31m\x7f µ")re"
                             "\n"))
      << line;
}

TEST_F(Log, FileIsContinuedByTheNextProcess) {
  start_logging("first", file_, false);
  spdlog::info("one");
  spdlog::debug("nobody asked for this");
  start_logging("second", file_, true);
  spdlog::debug("two {}", 2);
  ASSERT_EQ(lines().size(), 2U);
  const std::regex form(
      R"re(time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(\w+) program=(\w+) pid=(\d+) message="(.*)")re");
  std::smatch parts;
  const std::string line = lines()[1];
  ASSERT_TRUE(std::regex_match(line, parts, form)) << line;
  EXPECT_EQ(parts[1], "debug");
  EXPECT_EQ(parts[2], "second");
  EXPECT_EQ(parts[3], std::to_string(::getpid()));
  EXPECT_EQ(parts[4], "two 2");
}

TEST_F(Log, FilesRotateBySizeAndTheOldestGoes) {
  start_logging("p", file_, false, 1'000);
  for (int i = 0; i < 200; ++i) spdlog::info("line {}", i);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    EXPECT_LE(entry.file_size(), 1'000U);
    ++files;
  }
  EXPECT_EQ(files, kLogFiles);
  EXPECT_TRUE(lines().back().ends_with("message=\"line 199\""));
  EXPECT_TRUE(fs::exists(folder_.path() / "a.1.log"));
}

TEST_F(Log, AFileThatCannotBeBegunAnewIsContinued) {
  fs::create_directory(folder_.path() / "gone");
  start_logging("p", folder_.path() / "gone" / "a.log", false, 1'000);
  spdlog::info("{}", std::string(900, 'x'));
  fs::remove_all(folder_.path() / "gone");
  testing::internal::CaptureStderr();
  for (int i = 0; i < 100; ++i) spdlog::info("line {}", i);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("the log goes on in "), std::string::npos);
}

TEST_F(Log, WithoutAPlaceForTheFileEverythingGoesToStderr) {
  testing::internal::CaptureStderr();
  start_logging("p", "/dev/null/a.log", false);
  spdlog::info("still said");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("no log file: "), std::string::npos) << said;
  EXPECT_NE(said.find("still said"), std::string::npos) << said;
}

TEST_F(Log, FullDiskLosesLinesAndSaysSoOnce) {
  fs::create_symlink("/dev/full", file_);
  testing::internal::CaptureStderr();
  start_logging("p", file_, false);
  for (int i = 0; i < 3; ++i) spdlog::info("line {}", i);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("lines of the log are lost: "), std::string::npos) << said;
  EXPECT_EQ(said.find("lost", said.find("lost") + 1), std::string::npos) << said;
}

}  // namespace
}  // namespace wcam
