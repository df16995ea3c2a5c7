// Parts of one sweep, joined, are that sweep: its rows, and every number of its report.
#include "analysis/tables/study.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/report/make_report.h"
#include "analysis/report/observations.h"
#include "common/base/error.h"
#include "common/store/segment.h"
#include "tests/analysis/report/part_of_sweep.h"
#include "tests/analysis/report/planted_sweep.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

using planted::Part;

class Joined : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    planted::Truth truth;
    truth.moves = planted::Moves::kFlip;
    truth.cases_differ = planted::Differ::kKind;
    truth.images = 20;
    truth.cases = 3;
    planted::write_sweep(path("whole"), truth);
    whole_ = new Report(make_report(Study(Results::open(path("whole"))), {}));
  }
  static void TearDownTestSuite() {
    delete whole_;
    delete folder_;
  }
  static fs::path path(const std::string& name) { return folder_->path() / name; }

  static fs::path write(const std::string& name, const Part& part) {
    planted::write_part(path("whole"), path(name), part);
    return path(name);
  }

  static Part images(std::size_t begin, std::size_t end) {
    return {.plan = [=](Plan& plan) {
      plan.images = {plan.images.begin() + static_cast<std::ptrdiff_t>(begin),
                     plan.images.begin() + static_cast<std::ptrdiff_t>(end)};
    }};
  }
  static Part cases(std::size_t begin, std::size_t end) {
    return {.plan = [=](Plan& plan) {
      plan.cases = {plan.cases.begin() + static_cast<std::ptrdiff_t>(begin),
                    plan.cases.begin() + static_cast<std::ptrdiff_t>(end)};
    }};
  }

  // Every cell of every table, every answer and every number of a chart.
  static void expect_the_whole(const Study& study) {
    const Report &whole = *whole_, found = make_report(study, {});
    // Only one sweep has an id.
    EXPECT_TRUE(
        std::equal(found.facts.begin(), found.facts.end(), whole.facts.begin() + 1, whole.facts.end()));
    for (std::size_t s = 0; s < whole.sections.size(); ++s) {
      const Section &a = whole.sections[s], &b = found.sections[s];
      EXPECT_EQ(a.answer, b.answer);
      EXPECT_EQ(a.images, b.images);
      for (std::size_t t = 0; t < a.tables.size(); ++t) {
        ASSERT_EQ(a.tables[t].rows.size(), b.tables[t].rows.size()) << a.tables[t].name;
        for (std::size_t r = 0; r < a.tables[t].rows.size(); ++r)
          for (std::size_t c = 0; c < a.tables[t].columns.size(); ++c)
            expect_equal(a.tables[t].rows[r][c], b.tables[t].rows[r][c], a.tables[t].name);
      }
    }
  }
  static void expect_equal(const Cell& a, const Cell& b, const std::string& where) {
    if (const auto* number = std::get_if<double>(&a); number && std::isnan(*number))
      EXPECT_TRUE(std::isnan(std::get<double>(b))) << where;
    else
      EXPECT_EQ(a, b) << where;
  }

 private:
  static inline TemporaryFolder* folder_ = nullptr;
  static inline Report* whole_ = nullptr;  // of path("whole")
};

TEST_F(Joined, HalvesByImagesAreTheWhole) {
  const auto a = write("a", images(0, 9)), b = write("b", images(9, 20));
  const Study study = Study::open({a, b}, {});
  expect_the_whole(study);
  expect_the_whole(Study::open({b, a}, {}));
  EXPECT_EQ(study.overlap().images, 0U);
  EXPECT_EQ(study.overlap().cases, 3U);
  EXPECT_EQ(study.overlap().profiles + study.overlap().predictions, 0U);
  EXPECT_TRUE(study.remarks().empty());
  EXPECT_EQ(study.title(), "a + b");
}

TEST_F(Joined, HalvesByCasesAreTheWhole) {
  const Study study = Study::open({write("first", cases(0, 1)), write("others", cases(1, 3))}, {});
  expect_the_whole(study);
  EXPECT_EQ(study.overlap().images, 20U);
  EXPECT_EQ(study.overlap().cases, 0U);
}

TEST_F(Joined, WhatThreeSweepsShareCountsOnce) {
  const Study whole(Results::open(path("whole")));
  const auto c = write("c", images(5, 15));
  const Study study = Study::open({write("a", images(0, 12)), write("b", images(9, 20)), c}, {});
  expect_the_whole(study);
  std::size_t profiles = 0;
  for (const StudyPart& part : study.parts()) profiles += part.profiles;
  EXPECT_EQ(study.overlap().profiles, profiles - whole.profiles().size());
  EXPECT_EQ(study.overlap().images, 10U);
  EXPECT_EQ(study.overlap().predictions, 13U * 3 * 11);  // 3 images of A and B, then all of C
  EXPECT_EQ(study.overlap().unlike_profiles + study.overlap().unlike_predictions, 0U);
}

TEST_F(Joined, RanksOfTheFirstComeFirst) {
  const Study study = Study::open({write("late", images(12, 20)), write("early", images(8, 14))}, {});
  std::vector<std::string> order;
  for (const ProfileRow& row : study.profiles()) {
    if (order.empty() || order.back() != row.image) order.push_back(row.image);
    EXPECT_EQ(row.rank, order.size() - 1);
  }
  std::vector<std::string> expected;
  for (const int image : {12, 13, 14, 15, 16, 17, 18, 19, 8, 9, 10, 11})
    expected.push_back("image" + std::to_string(1000 + image) + ".png");
  EXPECT_EQ(order, expected);
}

TEST_F(Joined, RowsAreThoseOfTheirSweepUnderTheStudysNames) {
  const auto renamed = write("renamed", {.plan =
                                             [](Plan& plan) {
                                               plan.images.resize(2);
                                               plan.images[0].path = "renamed.png";
                                               plan.images[1].sha256 = std::string(64, 'c');
                                             },
                                         .profile =
                                             [](ProfileRow& row) {
                                               if (row.image == "image1000.png") row.image = "renamed.png";
                                               return true;
                                             },
                                         .prediction =
                                             [](PredictionRow& row) {
                                               if (row.image == "image1000.png") row.image = "renamed.png";
                                               return true;
                                             }});
  const Study study = Study::open({write("a", images(0, 3)), renamed}, {"B:baseline=tuned"});
  std::set<std::string> images, cases;
  for (std::size_t i = 0; i < study.profiles().size(); ++i) {
    const ProfileRow row = study.read_profile(i);
    const bool is_known = row.image != "image1001.png (cccccccccccc)" && row.case_name != "tuned";
    EXPECT_EQ(study.part_of(i).letter, is_known ? "A" : "B");
    EXPECT_EQ(row.rank, study.profiles()[i].rank);
    EXPECT_FALSE(row.outputs.empty());
    images.insert(row.image);
    cases.insert(row.case_name);
  }
  EXPECT_EQ(images, (std::set<std::string>{"image1000.png", "image1001.png", "image1002.png",
                                           "image1001.png (cccccccccccc)"}));
  EXPECT_EQ(cases, (std::set<std::string>{"baseline", "other1", "other2", "tuned"}));
  std::set<std::tuple<std::string, std::string, std::string>> predicted;
  study.for_each_prediction([&](PredictionRow&& row, const StudyPart&) {
    EXPECT_TRUE(predicted.emplace(row.image, row.case_name, row.variant).second);
  });
  EXPECT_EQ(predicted.size(), (3U * 3 + 1 + 3) * 11);  // A; B's first image under tuned; its other one
}

TEST_F(Joined, ValuesThatDifferBeyondRoundingAreCountedAndTheFirstStand) {
  const auto moved = [](float by) {
    return Part{.plan = [](Plan& plan) { plan.images.resize(12); },
                .profile =
                    [by](ProfileRow& row) {
                      if (row.image != "image1003.png" || row.case_name != "baseline") return true;
                      row.outputs[5] += by * *std::max_element(row.outputs.begin(), row.outputs.end());
                      return true;
                    },
                .prediction =
                    [by](PredictionRow& row) {
                      if (row.image == "image1004.png") row.logit = by;
                      if (row.image == "image1005.png" && by > 1e-4F) row.label = 1 - row.label;
                      return true;
                    }};
  };
  const auto a = write("a", images(0, 20)), close = write("close", moved(0)),
             far = write("far", moved(1e-3F));
  EXPECT_EQ(Study::open({a, close}, {}).overlap().unlike_profiles, 0U);
  const Study study = Study::open({a, far}, {});
  std::size_t expected = 0;
  for (const ProfileRow& row : study.profiles())
    expected += row.image == "image1003.png" && row.case_name == "baseline" ? 1 : 0;
  EXPECT_EQ(study.overlap().unlike_profiles, expected);
  EXPECT_EQ(study.overlap().unlike_predictions, 2U * 3 * 11);
  expect_the_whole(Study::open({path("whole"), write("part", images(0, 3))}, {}));
  const Report report = make_report(study, {});
  const std::string said =
      std::to_string(expected) + " WCAMs and 66 predictions differ by more than rounding";
  const auto says = [&](const std::string& line) { return line.find(said) != std::string::npos; };
  EXPECT_TRUE(std::any_of(report.made_of.begin(), report.made_of.end(), says));
  const auto& doubts = report.sections.back().doubts;
  EXPECT_TRUE(std::any_of(doubts.begin(), doubts.end(), says));
}

// One sweep explained the predicted class alone, without controls' names; a later one the source's too.
TEST_F(Joined, WhatALaterSweepSaysOfARowIsAdded) {
  const auto poorer = write("poorer", {.plan =
                                           [](Plan& plan) {
                                             plan.images.resize(10);
                                             plan.explain = {LabelKind::kPredicted};
                                           },
                                       .profile =
                                           [](ProfileRow& row) {
                                             row.control_of.clear();
                                             const bool is_predicted =
                                                 row.explained.contains(LabelKind::kPredicted);
                                             row.explained = {LabelKind::kPredicted};
                                             return is_predicted;
                                           }});
  expect_the_whole(Study::open({write("b", images(10, 20)), poorer, write("a", images(0, 10))}, {}));
}

TEST_F(Joined, ALabelThatTheFirstDoesNotGiveIsNoSecondMap) {
  const auto tie = write("tie", {.profile = [](ProfileRow& row) {
                           if (row.image == "image1000.png" && row.role == Role::kSource) row.label = 1;
                           return true;
                         }});
  const Study study = Study::open({path("whole"), tie}, {});
  EXPECT_EQ(study.profiles().size(), study.parts().front().profiles);
  EXPECT_EQ(study.overlap().unlike_profiles, 3U * 2);  // cases, replicates
  expect_the_whole(study);
}

TEST_F(Joined, WithoutReplicatesInOneSweepNoiseIsThatOfHalves) {
  const auto single = write("single", {.plan =
                                           [](Plan& plan) {
                                             plan.images.resize(10);
                                             plan.replicates = 1;
                                           },
                                       .profile = [](ProfileRow& row) { return row.replicate == 0; }});
  const Observations found = observe(Study::open({single, write("b", images(10, 20))}, {}));
  EXPECT_EQ(found.noise, NoiseFrom::kHalves);
  std::set<std::uint32_t> images;
  for (const Shift& shift : found.shifts) {
    EXPECT_FALSE(std::isnan(shift.distance[0]));
    images.insert(shift.image);
  }
  EXPECT_EQ(images.size(), 20U);
}

TEST_F(Joined, TheReportSaysOfWhatItIsMadeAndWhatIsMissing) {
  const auto a = write("first", images(0, 12)),
             b = write("second", {.plan = [](Plan&plan) {
                         plan.images.erase(plan.images.begin(), plan.images.begin() + 8);
                         plan.cases.pop_back();
                       }});
  const Report report = make_report(Study::open({a, b}, {}), {});
  EXPECT_EQ(report.title, "first + second");
  ASSERT_EQ(report.made_of.size(), 5U);
  EXPECT_EQ(report.made_of[0].rfind("A: first, sweep ", 0), 0U) << report.made_of[0];
  EXPECT_NE(report.made_of[0].find(", 12 images explained, 3 cases, "), std::string::npos);
  EXPECT_NE(report.made_of[1].find(", 12 images explained, 2 cases, "), std::string::npos);
  EXPECT_EQ(report.made_of[2].rfind("In several of them: 4 explained images, 2 cases; ", 0), 0U);
  EXPECT_NE(report.made_of[2].find(" and 88 predictions are there again, and count once"), std::string::npos);
  EXPECT_EQ(
      report.made_of[3],
      "Not every image is explained under every case. Of 20 images: baseline 20, other1 20 and other2 12; "
      "cases are compared on the images that they share.");
  EXPECT_EQ(report.made_of[4].rfind("Cases that chose the images: ", 0), 0U);
  EXPECT_EQ(report.facts[0].second, "20 of 20 asked for");
  EXPECT_TRUE(make_report(Study(Results::open(a)), {}).made_of.empty());
}

template <class Error>
std::string refusal(const std::vector<fs::path>& sweeps, const std::vector<std::string>& renames) {
  try {
    Study::open(sweeps, renames);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_F(Joined, CasesOfOneNameAreToldApartByANewOne) {
  const auto a = write("a", images(0, 10)), b = write("b", {.plan = [](Plan&plan) {
                                                        plan.cases.resize(1);
                                                        plan.cases[0].sha256 = std::string(64, 'f');
                                                      }});
  EXPECT_NE(
      refusal<InputError>({a, b}, {})
          .find(
              "case baseline, SHA-256: bbbbbbbbbbbb in A, ffffffffffff in B (--rename B:baseline=baseline2"),
      std::string::npos);
  const Study study = Study::open({a, b}, {"B:baseline=baseline2"});
  EXPECT_EQ(study.plan()->cases.size(), 4U);
  EXPECT_EQ(study.overlap().profiles, 0U);
}

TEST_F(Joined, RenamesThatAreNoneAreRefused) {
  const auto a = write("a", images(0, 10)), b = write("b", images(10, 20));
  const auto said = [&](const std::string& rename) { return refusal<UsageError>({a, b}, {rename}); };
  EXPECT_EQ(
      said("baseline=other"),
      "--rename baseline=other: a sweep's letter, a case and its new name are wanted, as B:baseline=other");
  EXPECT_EQ(said("B:baseline"),
            "--rename B:baseline: a sweep's letter, a case and its new name are wanted, as B:baseline=other");
  EXPECT_EQ(said("C:baseline=x"), "--rename C:baseline=x: no sweep is called C; they are A (a), B (b)");
  EXPECT_EQ(said("B:resnet=x"),
            "--rename B:resnet=x: sweep B has no case resnet; it has baseline, other1, other2");
  EXPECT_EQ(said("B:baseline=other1"), "--rename B:baseline=other1: sweep B has a case other1");
  EXPECT_EQ(said("B:baseline="), "--rename B:baseline=: the new name is missing");
}

TEST_F(Joined, ASweepWithoutAPlanIsRefused) {
  write_store(path("lone.h5"), {"", 8, 3}, {}, {}, {});
  EXPECT_NE(refusal<InputError>({path("whole"), path("lone.h5")}, {}).find("lone.h5 has no plan"),
            std::string::npos);
}

}  // namespace
}  // namespace wcam
