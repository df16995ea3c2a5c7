#include "common/command_line/options.h"

#include <gtest/gtest.h>

#include <boost/program_options/errors.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "common/base/error.h"
#include "common/base/version.h"
#include "common/command_line/run_main.h"
#include "common/study/wcam_options.h"
#include "common/study/wcam_settings.h"

namespace po = boost::program_options;

namespace wcam {
namespace {

CommandLine wcam_line() {
  CommandLine line;
  line.options.add(wcam_options());
  return line;
}

std::string refusal(const std::vector<std::string>& arguments) {
  try {
    wcam_settings(*parse_command_line(wcam_line(), arguments));
  } catch (const std::exception& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Options, DefaultsAreThePublishedOnes) {
  const WcamSettings s = wcam_settings(*parse_command_line(wcam_line(), {}));
  EXPECT_EQ(s, WcamSettings{});
  EXPECT_EQ(s.grid, 28);
  EXPECT_EQ(s.nb_design, 4);
  EXPECT_EQ(s.levels, 3);
  EXPECT_EQ(s.mode, Mode::kReference);
  EXPECT_EQ(s.design_seed, 42U);
}

TEST(Options, EachOutOfRangeNamesValueAndBound) {
  EXPECT_EQ(refusal({"--grid", "8", "--mode", "corrected", "--estimator", "janon"}), "accepted");
  EXPECT_EQ(refusal({"--grid", "1"}), "--grid 1 is outside 2 to 112");
  EXPECT_EQ(refusal({"--grid", "112"}),
            "--grid 112 needs 25088 Sobol dimensions, 21201 exist: at most --grid 102, or --sampler lhs");
  EXPECT_EQ(refusal({"--grid", "112", "--sampler", "lhs"}), "accepted");
  EXPECT_EQ(refusal({"--levels", "6"}), "--levels 6 is outside 1 to 5");
  EXPECT_EQ(refusal({"--nb-design", "1"}), "--nb-design 1 is outside 2 to 4096");
  EXPECT_EQ(refusal({"--nb-design", "12"}),
            "--nb-design 12 is not a power of two: a Sobol sequence is balanced only then");
  EXPECT_EQ(refusal({"--mode", "exact"}), "--mode 'exact' is unknown; known: reference, corrected");
  EXPECT_EQ(refusal({"--estimator", "owen"}),
            "--estimator 'owen' is unknown; known: jansen, homma, janon, glen, saltelli, gradient");
  EXPECT_EQ(refusal({"--sampler", "sobl"}),
            "--sampler 'sobl' is unknown; did you mean 'sobol'? Known: sobol, torch-sobol, halton, lhs, "
            "monte-carlo");
  EXPECT_EQ(refusal({"--grid", "many"}), "the argument ('many') for option '--grid' is invalid");
  EXPECT_EQ(refusal({"--gri", "8"}), "unrecognised option '--gri'; did you mean '--grid'?");
  EXPECT_EQ(refusal({"--nb_design=8"}), "unrecognised option '--nb_design'; did you mean '--nb-design'?");
  EXPECT_EQ(refusal({"--nonsense"}), "unrecognised option '--nonsense'; --help lists those there are");
  EXPECT_EQ(refusal({"-z"}), "unrecognised option '-z'; --help lists those there are");
}

TEST(Options, ABudgetOfForwardsIsPointsOfGradients) {
  const auto points = [](const std::vector<std::string>& arguments, const WcamSettings& usual = {}) {
    return wcam_settings(*parse_command_line(wcam_line(), arguments), usual).nb_design;
  };
  EXPECT_EQ(points({"--estimator", "gradient"}), 16);
  EXPECT_EQ(points({"--estimator", "gradient", "--budget", "98"}), 32);
  EXPECT_EQ(points({"--estimator", "gradient", "--nb-design", "5"}), 5);
  EXPECT_EQ(refusal({"--budget", "48"}),
            "--budget goes with --estimator gradient; with jansen --nb-design says how many points");
  EXPECT_EQ(refusal({"--estimator", "gradient", "--budget", "8"}), "--budget 8 is outside 9 to 12288");
  EXPECT_EQ(refusal({"--estimator", "gradient", "--nb-design", "2"}), "--nb-design 2 is outside 3 to 4096");
  EXPECT_EQ(refusal({"--estimator", "gradient", "--budget", "48", "--nb-design", "16"}),
            "--budget and --nb-design exclude each other: either says how many points");
  EXPECT_EQ(refusal({"--estimator", "gradient", "--order", "first"}),
            "--order first: --estimator gradient has indices of total order alone; take --estimator jansen");
}

TEST(Options, WhatIsNotGivenIsAsUsual) {
  WcamSettings usual;
  usual.grid = 8;
  usual.estimator = Estimator::kGradient;
  usual.nb_design = 32;
  usual.mode = Mode::kCorrected;
  usual.sufficient = true;
  const auto settings = [&](const std::vector<std::string>& arguments) {
    return wcam_settings(*parse_command_line(wcam_line(), arguments), usual);
  };
  EXPECT_EQ(settings({}), usual);
  WcamSettings deeper = usual;
  deeper.nb_design = 64;
  EXPECT_EQ(settings({"--budget", "192"}), deeper);
  deeper.grid = 28;  // as it is said, although it is what is taken without a word elsewhere
  EXPECT_EQ(settings({"--budget", "192", "--grid", "28"}), deeper);
}

TEST(Options, AListIsSplitAtItsCommasWithoutEmptyEntries) {
  EXPECT_EQ(split_list("a,b c,,d,"), (std::vector<std::string>{"a", "b c", "d"}));
  EXPECT_TRUE(split_list("").empty());
  EXPECT_TRUE(split_list(",").empty());
}

TEST(Options, WhatIsGivenIsNeverTakenForWhatIsNot) {
  CommandLine line;
  for (const char* name : {"seed", "devices", "cases"})
    line.options.add_options()(name, boost::program_options::value<std::string>());
  const auto values = [&](const std::string& option, const std::string& value) {
    return *parse_command_line(line, {"--" + option, value});
  };
  EXPECT_EQ(seed_of(values("seed", "18446744073709551615")), 18446744073709551615U);
  for (const char* seed : {"-1", "+1", "1.5", "", "18446744073709551616", "0x10"})
    EXPECT_THROW(seed_of(values("seed", seed)), UsageError) << seed;
  EXPECT_TRUE(list_of(values("seed", "1"), "cases").empty());
  EXPECT_THROW(list_of(values("cases", ""), "cases"), UsageError);
  EXPECT_THROW(list_of(values("cases", ", "), "cases"), UsageError);
}

TEST(Options, TheVersionIsPrintedWithTheCommitWhereThatIsKnown) {
  testing::internal::CaptureStdout();
  EXPECT_FALSE(parse_command_line(wcam_line(), {"--version"}));
  const std::string commit = kCommit;
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "wcam " + std::string(kVersion) + (commit.empty() ? "" : " (" + commit + ")") + "\n");
}

TEST(RunMain, TurnsEachKindOfErrorIntoItsExitCode) {
  const auto code = [](auto thrown) { return run_main("test", [&]() -> ExitCode { throw thrown; }); };
  EXPECT_EQ(code(UsageError("usage")), 2);
  EXPECT_EQ(code(po::unknown_option("--x")), 2);
  EXPECT_EQ(code(InputError("input")), 3);
  EXPECT_EQ(code(std::runtime_error("ours")), 1);
  EXPECT_EQ(run_main("test", [] { return ExitCode::kSetAside; }), 4);
}

}  // namespace
}  // namespace wcam
