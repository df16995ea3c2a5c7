#include "common/base/format_version.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/version.h"

namespace wcam {
namespace {

std::string refusal(std::int64_t found, std::int64_t oldest, std::int64_t newest, const std::string& writer) {
  try {
    check_format_version("a.h5", "format version", found, oldest, newest, writer);
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

TEST(FormatVersion, OfWhatThisProgramReadsIsAccepted) {
  for (const int found : {3, 4, 5}) EXPECT_EQ(refusal(found, 3, 5, ""), "");
}

TEST(FormatVersion, OfANewerFileNamesTheProgramThatIsNeeded) {
  const std::string self = std::string("this is wcam ") + kVersion;
  EXPECT_EQ(refusal(2, 1, 1, "0.9.1"),
            "a.h5 has format version 2, " + self + ", which reads 1: use wcam 0.9.1 or a later one");
  EXPECT_EQ(refusal(6, 3, 5, ""), "a.h5 has format version 6, " + self +
                                      ", which reads 3 to 5: use the version of wcam that wrote it or a "
                                      "later one");
}

TEST(FormatVersion, OfAFileThatIsTooOldDoesNotAskForALaterProgram) {
  EXPECT_EQ(refusal(2, 3, 5, "0.1.0"), std::string("a.h5 has format version 2, this is wcam ") + kVersion +
                                           ", which reads 3 to 5: use wcam 0.1.0");
}

}  // namespace
}  // namespace wcam
