// What is seen of a gallery: tests/end_to_end/test_gallery.py.
#include "plotting/gallery/gallery_index.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "plotting/scale.h"

namespace wcam {
namespace {

ProfileRow profile(std::uint32_t rank, const std::string& case_name, const std::string& variant) {
  ProfileRow row;
  row.rank = rank;
  row.image = std::to_string(rank) + ".png";
  row.case_name = case_name;
  row.variant = variant;
  return row;
}

TEST(GalleryOrder, PutsAllCasesOfAVariantTogetherInThePlansOrder) {
  // As Results has them: by case before role.
  const std::vector<ProfileRow> profiles{
      profile(0, "sin", "source"),           profile(0, "sin", "jpeg/5"),
      profile(0, "sin", "blur/3"),           profile(0, "baseline", "source"),
      profile(0, "baseline", "not/planned"), profile(0, "baseline", "blur/3"),
      profile(1, "sin", "source"),
  };
  const std::vector<std::string> variants{"blur/3", "jpeg/5"};
  const GalleryOrder order = gallery_order(profiles, variants);
  EXPECT_EQ(order.rows, (std::vector<std::size_t>{0, 3, 2, 5, 1, 4, 6}));
  std::vector<std::size_t> counts;
  for (const GalleryGroup& group : order.groups) {
    EXPECT_EQ(profiles[order.rows[group.first]].variant,
              profiles[order.rows[group.first + group.count - 1]].variant);
    counts.push_back(group.count);
  }
  EXPECT_EQ(counts, (std::vector<std::size_t>{2, 2, 1, 1, 1}));
}

TEST(GalleryScale, IsThatOfAllMapsAtOnce) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0.1F, 0.3F);
  for (const std::size_t cells : {std::size_t{1}, std::size_t{16}, std::size_t{99}, std::size_t{784}}) {
    constexpr std::size_t kMaps = 7;
    std::vector<std::vector<float>> maps(kMaps, std::vector<float>(cells));
    std::vector<std::span<const float>> all;
    GalleryScale scale(kMaps * cells);
    for (std::vector<float>& map : maps) {
      for (float& value : map) value = normal(random);
      scale.add(map);
      all.emplace_back(map);
    }
    const Scale expected = scale_of(all, 1, false);
    EXPECT_EQ(scale.range(), expected.range) << cells;
    EXPECT_EQ(scale.cut(), expected.cut > 0) << cells;
  }
}

TEST(GalleryScale, HasNoExtentWithoutValuesAndLeavesOutWhatIsNotFinite) {
  GalleryScale none(4);
  EXPECT_EQ(none.range(), ColourRange());
  EXPECT_FALSE(none.cut());
  const std::vector<float> values{NAN, INFINITY, -2, -1};
  none.add(values);
  EXPECT_EQ(none.range(), (ColourRange{-2, -1}));
}

}  // namespace
}  // namespace wcam
