#include "worker/base/lru_cache.h"

#include <gtest/gtest.h>

#include <memory>

namespace wcam {
namespace {

using Names = std::vector<std::string>;

TEST(LruCache, KeepsWhatFitsAndDropsTheLeastRecentlyUsedFirst) {
  LruCache<int> cache(10);
  EXPECT_EQ(cache.find("a"), nullptr);
  cache.add("a", 1, 4);
  cache.add("b", 2, 4);
  EXPECT_EQ(cache.make_room(2), Names{});
  cache.add("c", 3, 2);
  EXPECT_EQ(cache.names(), (Names{"c", "b", "a"}));
  EXPECT_EQ(cache.total(), 10U);
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(cache.names(), (Names{"a", "c", "b"}));
  EXPECT_EQ(cache.make_room(5), (Names{"b", "c"})) << "4 + 2 + 4 + 5 exceed 10, and so do 2 + 4 + 5";
  EXPECT_EQ(cache.total(), 4U);
}

TEST(LruCache, WhatIsLargerThanTheWholeIsKeptAloneUntilTheNext) {
  LruCache<int> cache(10);
  cache.add("a", 1, 10);
  EXPECT_EQ(cache.make_room(11), Names{"a"});
  EXPECT_EQ(cache.add("giant", 2, ~std::uint64_t{0}), 2);
  EXPECT_EQ(cache.names(), Names{"giant"});
  EXPECT_EQ(cache.make_room(0), Names{"giant"});
  EXPECT_EQ(cache.total(), 0U);
}

TEST(LruCache, ReferencesLastUntilTheirEntryIsDroppedAndDroppingFrees) {
  LruCache<std::shared_ptr<int>> cache(2);
  const auto& first = cache.add("first", std::make_shared<int>(1), 1);
  const std::weak_ptr<int> watched = first;
  cache.add("second", std::make_shared<int>(2), 1);
  cache.find("second");
  EXPECT_EQ(*first, 1);
  cache.make_room(1);
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace wcam
