#include "common/wire/job_times.h"

#include <gtest/gtest.h>

#include <limits>

namespace wcam {
namespace {

TEST(JobTimes, AreUnknownUntilOneIsMeasured) {
  JobTimes times;
  EXPECT_FALSE(times.median());
  for (const double none :
       {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    times.add(none);
  EXPECT_FALSE(times.median());
  times.add(3);
  EXPECT_EQ(times.median()->count(), 3);
}

TEST(JobTimes, OneThatTookLongCountsForNothing) {
  JobTimes times;
  for (const double seconds : {2.0, 1.0, 1'000.0, 3.0, 2.5}) times.add(seconds);
  EXPECT_EQ(times.median()->count(), 2.5);
}

TEST(JobTimes, WhatWasLongAgoIsForgotten) {
  JobTimes times;
  for (int i = 0; i < 1'000; ++i) times.add(1);
  for (int i = 0; i < 63; ++i) times.add(5);
  EXPECT_EQ(times.median()->count(), 5);
}

}  // namespace
}  // namespace wcam
