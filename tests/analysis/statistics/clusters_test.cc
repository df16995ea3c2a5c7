#include "analysis/statistics/clusters.h"

#include <gtest/gtest.h>

namespace wcam {
namespace {

TEST(Clusters, EachImageGivesOneNumberHoweverManyRowsItHas) {
  const ImageValues means = image_means({{"b.png", 1}, {"a.png", 2}, {"b.png", 4}, {"b.png", 4}});
  EXPECT_EQ(means, (ImageValues{{"a.png", 2}, {"b.png", 3}}));
}

TEST(Clusters, OnlyImagesThatBothHaveArePaired) {
  EXPECT_EQ(paired_differences({{"a", 1}, {"b", 2}, {"d", 9}}, {{"b", 5}, {"a", 0}, {"c", 7}}),
            (std::vector<double>{-1, 3}));
}

}  // namespace
}  // namespace wcam
