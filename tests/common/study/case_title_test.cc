#include "common/study/case_title.h"

#include <gtest/gtest.h>

namespace wcam {
namespace {

TEST(CaseTitle, WellKnownNamesAreWrittenAsTheirAuthorsDo) {
  EXPECT_EQ(case_title("augmix"), "AugMix");
  EXPECT_EQ(case_title("PIXMIX"), "PixMix");
  EXPECT_EQ(case_title("sin"), "SIN");
  EXPECT_EQ(case_title("vit"), "ViT");
  for (const char* name : {"adv_free", "adv-free", "Adv_Free"})
    EXPECT_EQ(case_title(name), "Adv. free") << name;
}

// The published study's, and the demo's.
TEST(CaseTitle, EveryCaseOfThePublishedStudyHasOne) {
  for (const char* name :
       {"baseline", "sin", "augmix", "pixmix", "adv", "adv_free", "fast_adv", "vit", "vgg"})
    EXPECT_NE(case_title(name), name);
  EXPECT_EQ(case_title("fast_adv"), "Fast adv.");
}

TEST(CaseTitle, ColumnsOfOneTitleHaveTheirOwnNamesInBrackets) {
  struct Column {
    std::string case_name;
  };
  EXPECT_EQ(case_titles(std::vector<Column>{{"adv_free"}, {"sin"}, {"adv-free"}}, &Column::case_name),
            (std::vector<std::string>{"Adv. free (adv_free)", "SIN", "Adv. free (adv-free)"}));
}

TEST(CaseTitle, OthersStayAsTheyAre) {
  for (const char* name : {"our_net_v2", "AugMix-long", ""}) EXPECT_EQ(case_title(name), name);
}

}  // namespace
}  // namespace wcam
