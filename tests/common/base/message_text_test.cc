#include "common/base/message_text.h"

#include <gtest/gtest.h>

#include <set>

namespace wcam {
namespace {

TEST(MessageText, ListsEndWithAWord) {
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({"a"}), "a");
  EXPECT_EQ(listed({"a", "b"}), "a and b");
  EXPECT_EQ(listed({"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(listed(std::set<std::string>{"c", "a", "b"}, " or "), "a, b or c");
}

}  // namespace
}  // namespace wcam
