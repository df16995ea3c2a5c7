#include "common/base/utf8.h"

#include <gtest/gtest.h>

namespace wcam {
namespace {

TEST(Utf8, CharactersOfAnyWidthAreCounted) {
  EXPECT_EQ(characters("a é 猫 𝔊"), U"a é 猫 𝔊");
  EXPECT_EQ(characters(""), U"");
}

TEST(Utf8, BytesOfNoCharacterAreReplacedOneByOne) {
  EXPECT_EQ(characters("caf\xe9.png"), U"caf\uFFFD.png");
  EXPECT_EQ(characters("\xe7\x8c"), U"\uFFFD\uFFFD");  // the beginning of 猫
}

}  // namespace
}  // namespace wcam
