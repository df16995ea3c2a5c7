#include "common/study/forward_form.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace wcam {
namespace {

std::string complaint(const std::string& form, const std::string& batch_size) {
  try {
    wanted_form(form, batch_size);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(ForwardForm, WhatIsWantedIsReadFromBothOptions) {
  const WantedForm open = wanted_form("auto", "auto");
  EXPECT_TRUE(open.is_open() && open.allows({true, 64}) && open.allows({false, 1}));
  EXPECT_EQ(open.or_default(), ForwardForm{});
  const WantedForm plain = wanted_form("plain", "auto");
  EXPECT_TRUE(plain.is_open() && plain.allows({false, 64}));
  EXPECT_FALSE(plain.allows({true, 64}));
  const WantedForm sixteen = wanted_form("auto", "16");
  EXPECT_TRUE(sixteen.is_open() && sixteen.allows({true, 16}));
  EXPECT_FALSE(sixteen.allows({true, 8}));
  EXPECT_EQ(sixteen.or_default(), (ForwardForm{false, 16}));
  const WantedForm all = wanted_form("optimised", "1024");
  EXPECT_FALSE(all.is_open());
  EXPECT_EQ(all.or_default(), (ForwardForm{true, 1024}));
  EXPECT_EQ(to_string(all.or_default()), "optimised, 1024 images a forward");
  EXPECT_EQ(to_string(ForwardForm{false, 1}), "plain, 1 image a forward");
}

TEST(ForwardForm, WhatIsNoFormOrBatchIsNamed) {
  EXPECT_EQ(complaint("fast", "8"), "--form 'fast' is not auto, plain or optimised");
  for (const char* size : {"0", "1025", "-1", "99999999999999999999"})
    EXPECT_EQ(complaint("auto", size), "--batch-size " + std::string(size) + " is outside 1 to 1024");
  for (const char* size : {"", "x", "8x", "8.5"})
    EXPECT_EQ(complaint("auto", size),
              "--batch-size '" + std::string(size) + "' is not auto or a number from 1 to 1024");
}

}  // namespace
}  // namespace wcam
