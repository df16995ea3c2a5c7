#include "common/base/file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "common/base/error.h"
#include "common/base/host.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(File, IsWholeOrNotThere) {
  const TemporaryFolder folder;
  const fs::path target = folder.path() / "plan.json";
  write_file_atomically(target, "first");
  write_file_atomically(target, "second");
  EXPECT_EQ(read_file(target), "second");
  EXPECT_EQ(entries(folder.path()), 1U);
}

// The kernel's file of a process's memory can be opened, and its first page not be read.
TEST(File, ThatCannotBeReadToItsEndIsAnError) {
  EXPECT_THROW(read_file("/proc/self/mem"), InputError);
  const TemporaryFolder folder;
  write_file_atomically(folder.path() / "empty", "");
  EXPECT_EQ(read_file(folder.path() / "empty"), "");
}

TEST(File, LiesInAFolderThatIsItselfOrAboveHoweverItIsWritten) {
  const TemporaryFolder folder;
  const fs::path images = folder.path() / "images";
  fs::create_directories(images / "sub");
  fs::create_directory_symlink(images, folder.path() / "link");
  for (const char* inner :
       {"images", "images/", "images/sub", "images/not/there", "link/sub", "images/sub/.."})
    EXPECT_TRUE(lies_in(folder.path() / inner, images)) << inner;
  EXPECT_TRUE(lies_in(images / "sub", images / ""));
  EXPECT_TRUE(lies_in("not-there/x", "not-there/"));
  for (const char* inner : {"", "images2", "images/..", "not-there"})
    EXPECT_FALSE(lies_in(folder.path() / inner, images)) << inner;
}

TEST(File, PathsThatStayBelowAreToldFromThoseThatDoNot) {
  for (const char* path : {"a", "a/b.png", "..a/b..", "a/./b", "a...png"})
    EXPECT_TRUE(stays_below(path)) << path;
  for (const char* path : {"", "/", "/a", "..", "../a", "a/..", "a/../b", "a/b/../../.."})
    EXPECT_FALSE(stays_below(path)) << path;
}

TEST(File, ThatIsNotCommittedLeavesNothing) {
  const TemporaryFolder folder;
  {
    const PendingFile pending(folder.path() / "segment.h5");
    write_file_atomically(pending.path(), "half a segment");
  }
  EXPECT_EQ(entries(folder.path()), 0U);
}

TEST(File, NamesWhatCannotBeReadOrWritten) {
  const TemporaryFolder folder;
  const auto message = [](auto act) -> std::string {
    try {
      act();
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  const fs::path missing = folder.path() / "missing";
  EXPECT_EQ(message([&] { read_file(missing); }),
            "cannot read " + missing.string() + ": No such file or directory");
  EXPECT_EQ(message([&] { read_file(folder.path()); }),
            "cannot read " + folder.path().string() + ": Is a directory");
  EXPECT_EQ(message([&] { write_file_atomically(missing / "x", "text"); }),
            "cannot write " + (missing / "x").string() + ": No such file or directory");
  EXPECT_EQ(message([&] { check_can_write(missing / "x"); }),
            "cannot write " + (missing / "x").string() + ": No such file or directory");
  EXPECT_EQ(message([&] { check_can_write(folder.path()); }),
            "cannot write " + folder.path().string() + ": Is a directory");
  EXPECT_EQ(message([&] { check_can_write(missing); }), "accepted");
  EXPECT_EQ(entries(folder.path()), 0U);
  // A device that is always full: what a full disk says, without needing one.
  EXPECT_THROW(make_directories("/dev/full/sweep"), InputError);
}

TEST(RemoveAbandoned, TakesWhatEndedProcessesOfThisHostLeftAndNothingElse) {
  const TemporaryFolder folder;
  const auto partial = [&](const std::string& host, pid_t pid) {
    return folder.path() / (".a.h5." + host + "." + std::to_string(pid) + ".partial");
  };
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // ends in the middle of writing
    const PendingFile unfinished(folder.path() / "a.h5");
    std::ofstream(unfinished.path()) << "half";
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  const PendingFile mine(folder.path() / "b.h5");
  std::ofstream(mine.path()) << "being written";
  ASSERT_TRUE(fs::exists(partial(host_name(), child)));
  for (const fs::path& file :
       {partial("elsewhere", child), partial(host_name(), ::getppid()), folder.path() / ".a.h5.partial",
        folder.path() / "a.h5", folder.path() / (".a." + std::to_string(child))})
    std::ofstream(file) << "kept";
  remove_abandoned(folder.path());
  EXPECT_FALSE(fs::exists(partial(host_name(), child)));
  EXPECT_TRUE(fs::exists(mine.path()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 6);
  remove_abandoned(folder.path() / "not there");
}

}  // namespace
}  // namespace wcam
