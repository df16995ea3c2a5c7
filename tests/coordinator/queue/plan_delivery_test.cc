#include "coordinator/queue/plan_delivery.h"

#include <gtest/gtest.h>

namespace wcam {
namespace {

using std::chrono::seconds;
using Workers = std::vector<std::string>;

class PlanDeliveryTest : public testing::Test {
 protected:
  // The plans are as large as two may be at a time.
  PlanDelivery plans_{10, 20};
  PlanDelivery::TimePoint now_{seconds{1'000}};
};

TEST_F(PlanDeliveryTest, SomeAtATimeWhoAskedFirstInFront) {
  for (const char* worker : {"c", "a", "b"}) plans_.ask(worker);
  EXPECT_EQ(plans_.due(now_), (Workers{"c", "a"}));
  EXPECT_EQ(plans_.due(now_), Workers{});
  plans_.settled("a");
  EXPECT_EQ(plans_.due(now_), Workers{"b"});
}

TEST_F(PlanDeliveryTest, OneThatIsTooLargeGoesAlone) {
  PlanDelivery plans{30, 20};
  plans.ask("a");
  plans.ask("b");
  EXPECT_EQ(plans.due(now_), Workers{"a"});
  EXPECT_EQ(plans.due(now_), Workers{});
}

TEST_F(PlanDeliveryTest, OnceForEachHelloAndLessOftenEachTime) {
  plans_.ask("a");
  EXPECT_EQ(plans_.due(now_), Workers{"a"});
  EXPECT_EQ(plans_.due(now_ + seconds{60}), Workers{}) << "it has not said Hello again";
  for (const seconds patience : {seconds{5}, seconds{10}, seconds{20}}) {
    plans_.ask("a");
    EXPECT_EQ(plans_.due(now_ + patience - seconds{1}), Workers{}) << patience.count();
    plans_.ask("a");
    now_ += patience;
    EXPECT_EQ(plans_.due(now_), Workers{"a"}) << patience.count();
  }
}

TEST_F(PlanDeliveryTest, WhatCouldNotBeSentTakesNobodysPlace) {
  for (const char* worker : {"a", "b", "c"}) plans_.ask(worker);
  EXPECT_EQ(plans_.due(now_), (Workers{"a", "b"}));
  plans_.failed("b");
  EXPECT_EQ(plans_.due(now_), Workers{"c"});
  plans_.ask("d");
  plans_.settled("d");  // it has gone
  EXPECT_EQ(plans_.due(now_ + seconds{60}), Workers{});
}

}  // namespace
}  // namespace wcam
