#include "common/command_line/suggestion.h"

#include <gtest/gtest.h>

#include "common/command_line/verb_table.h"
#include "common/study/perturbation.h"

namespace wcam {
namespace {

std::string verb_meant(const std::string& word) {
  std::vector<std::string> verbs;
  for (const VerbEntry& verb : kVerbTable)
    if (lists("wcam", verb)) verbs.emplace_back(verb.name);
  return did_you_mean(word, verbs);
}

TEST(DidYouMean, FindsWhatASlipOfTheFingersMadeOfAVerb) {
  EXPECT_EQ(verb_meant("statsu"), "; did you mean 'status'?") << "two letters swapped";
  EXPECT_EQ(verb_meant("explan"), "; did you mean 'explain'?") << "one left out";
  EXPECT_EQ(verb_meant("Resumee"), "; did you mean 'resume'?") << "one too many, another case";
  EXPECT_EQ(verb_meant("cnacel"), "; did you mean 'cancel'?");
  EXPECT_EQ(verb_meant("check"), "; did you mean 'check-models'?") << "its end left off";
  EXPECT_EQ(verb_meant("check_models"), "; did you mean 'check-models'?");
}

TEST(DidYouMean, SaysNothingOfWordsThatAreFarFromAll) {
  for (const char* word : {"", "x", "q", "frobnicate", "status-of-the-sweep"})
    EXPECT_EQ(verb_meant(word), "") << word;
  EXPECT_EQ(did_you_mean(std::string(1'000'000, 'a'), {"ab"}), "");
}

TEST(DidYouMean, NamesSeveralThatAreEquallyNearThreeAtMost) {
  EXPECT_EQ(did_you_mean("gaussian", corruption_names()),
            "; did you mean 'gaussian-noise' or 'gaussian-blur'?");
  EXPECT_EQ(did_you_mean("case-0", {"case-1", "case-2", "case-3", "case-4"}),
            "; did you mean 'case-1' or 'case-2' or 'case-3'?");
  EXPECT_EQ(did_you_mean("brightnes", corruption_names()), "; did you mean 'brightness'?");
}

TEST(ButKnown, EndsARefusalWithAllThatIsKnown) {
  const std::vector<std::string> cases{"baseline", "augmix"};
  EXPECT_EQ(but_known("basline", cases), "; did you mean 'baseline'? Known: baseline, augmix");
  EXPECT_EQ(but_known("vit", cases), "; known: baseline, augmix");
}

}  // namespace
}  // namespace wcam
