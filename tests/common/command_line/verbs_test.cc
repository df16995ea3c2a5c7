#include "common/command_line/verbs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace wcam {
namespace {

std::string acted;  // what the actions below were asked

ExitCode act(const Arguments& rest) {
  acted = "act";
  for (const std::string& word : rest) acted += " " + word;
  return ExitCode::kSetAside;
}

ExitCode hand_on(const VerbEntry& verb, const Arguments& rest) {
  acted = "hand on " + std::string(verb.name) + " to " + verb.program;
  for (const std::string& word : rest) acted += " " + word;
  return ExitCode::kInterrupted;
}

constexpr VerbAction kPlots[] = {{"figure-4", act}, {"figure-5", act},   {"spatial", act}, {"rebuilt", act},
                                 {"mean", act},     {"difference", act}, {"all", act},     {"wcam", act},
                                 {"report", act},   {"gallery", act}};
constexpr VerbProgram kPlot{"wcam-plot", "about", "example", kPlots};

std::string help_of(const VerbProgram& program, const Arguments& words) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(dispatch(program, words), ExitCode::kDone);
  return testing::internal::GetCapturedStdout();
}

TEST(VerbTable, EachProgramHasAVerbOnceAndSaysWhatItIsInALine) {
  std::set<std::pair<std::string, std::string>> of_programs;
  std::set<std::string> of_wcam;
  for (const VerbEntry& verb : kVerbTable) {
    EXPECT_TRUE(of_programs.emplace(verb.program, verb.name).second) << verb.name;
    EXPECT_TRUE(!verb.of_wcam || of_wcam.insert(verb.name).second) << verb.name;
    EXPECT_TRUE(verb.of_wcam || verb.program != std::string("wcam")) << verb.name;
    const std::string about = verb.about;
    EXPECT_TRUE(!about.empty() && about.size() <= 80 && about.find_first_of("\n\t") == std::string::npos)
        << verb.name;
  }
}

TEST(Verbs, AProgramActsOnItsVerbsOfTheTableAndOnNoOther) {
  EXPECT_TRUE(acts_on_its_verbs(kPlot));
  const auto changed = [](auto change) {
    std::vector<VerbAction> actions(std::begin(kPlots), std::end(kPlots));
    change(actions);
    return actions;
  };
  const auto one_missing = changed([](auto& actions) { actions.erase(actions.begin() + 1); });
  const auto one_twice = changed([](auto& actions) { actions.push_back(actions.back()); });
  const auto one_unknown = changed([](auto& actions) { actions.back() = {"run", act}; });
  VerbProgram other = kPlot;
  for (const auto& actions : {one_missing, one_twice, one_unknown}) {
    other.actions = actions;
    EXPECT_FALSE(acts_on_its_verbs(other));
  }
}

TEST(Verbs, OnlyWhatOthersActOnCanBeHandedOn) {
  constexpr VerbAction kOwn[] = {{"run", act}, {"submit", act}, {"doctor", act}, {"plot", act}};
  VerbProgram wcam{"wcam", "about", "example", kOwn, hand_on};
  EXPECT_TRUE(acts_on_its_verbs(wcam));
  EXPECT_EQ(dispatch(wcam, {"status", "study"}), ExitCode::kInterrupted);
  EXPECT_EQ(acted, "hand on status to wcam-coordinator study");
  EXPECT_EQ(dispatch(wcam, {"run", "--x"}), ExitCode::kSetAside);
  EXPECT_EQ(acted, "act --x");
  wcam.hand_on = nullptr;
  EXPECT_FALSE(acts_on_its_verbs(wcam));
  wcam.hand_on = hand_on;
  wcam.actions = std::span(kOwn).first(3);
  EXPECT_FALSE(acts_on_its_verbs(wcam));
}

TEST(Verbs, HelpListsTheTablesLines) {
  for (const Arguments& words : {Arguments{}, Arguments{"help"}, Arguments{"--help"}, Arguments{"-h"}})
    EXPECT_NE(help_of(kPlot, words)
                  .find("Verbs:\n"
                        "  figure-4    an image under one case: source, unaffected, affected\n"
                        "  figure-5    an image under every case: source, altered\n"
                        "  spatial     which places of an image matter, over the photograph, by case\n"
                        "  rebuilt     a photograph rebuilt from its most important cells\n"
                        "  mean        the mean map of a sweep's images, by case\n"
                        "  difference  what altering the images does to their maps, by case, and its noise\n"
                        "  all         every figure of a sweep that has changed\n"
                        "  wcam        one WCAM of `wcam explain`\n"
                        "  report      what a sweep answers: a page of answers, figures and tables\n"

                        "  gallery     every map of a sweep on one page, to browse offline\n\n"),
              std::string::npos);
}

// What a program says of a verb of its own that throws.
std::string complaint(const VerbProgram& program, std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  testing::internal::CaptureStderr();
  run_verbs(program, static_cast<int>(argv.size()), argv.data());
  return testing::internal::GetCapturedStderr();
}

ExitCode refuse(const Arguments&) { throw UsageError("no"); }

TEST(Verbs, WhatTheySayBeginsWithWhatTheUserTyped) {
  const VerbAction kRefusing[] = {{"figure-4", refuse}, {"figure-5", refuse}, {"wcam", refuse}};
  const VerbProgram kPlotting{"wcam-plot", "about", "example", kRefusing};
  const VerbAction kOwn[] = {{"run", refuse}, {"submit", act}, {"doctor", act}, {"plot", act}};
  const VerbProgram kWcam{"wcam", "about", "example", kOwn, hand_on};
  const auto typed_before = [&](const std::string& verb) {  // then `wcam` becomes the program
    return complaint(kWcam, {"wcam", verb});
  };
  ::unsetenv("WCAM_TYPED");
  EXPECT_EQ(complaint(kPlotting, {"wcam-plot", "wcam"}), "wcam-plot wcam: no\n");
  EXPECT_EQ(complaint(kPlotting, {"wcam-plot", "wcan"}),
            "wcam-plot: unknown verb 'wcan'; did you mean 'wcam'? Known: figure-4, figure-5, spatial, "
            "rebuilt, mean, difference, all, wcam, report, gallery\n");
  EXPECT_EQ(typed_before("run"), "wcam run: no\n");
  EXPECT_EQ(complaint(kPlotting, {"wcam-plot", "figure-4"}), "wcam run: no\n") << "drawn at the end of a run";
  typed_before("plot");
  EXPECT_EQ(complaint(kPlotting, {"wcam-plot", "wcam"}), "wcam plot wcam: no\n");
  EXPECT_EQ(complaint(kPlotting, {"wcam-plot", "figure-6"}).substr(0, 42),
            "wcam plot: unknown verb 'figure-6'; did yo");
  EXPECT_NE(help_of(kPlotting, {}).find("Usage: wcam plot VERB"), std::string::npos);
  ::unsetenv("WCAM_TYPED");
}

TEST(Verbs, AnUnknownOneIsRefusedWithThoseThatAreKnown) {
  try {
    dispatch(kPlot, {"run"});
    FAIL() << "accepted";
  } catch (const UsageError& e) {
    EXPECT_STREQ(e.what(),
                 "unknown verb 'run'; known: figure-4, figure-5, spatial, rebuilt, mean, difference, all, "
                 "wcam, report, gallery");
  }
}

TEST(Verbs, AnUnknownOptionBeforeThemIsRefusedWithThoseThatAreKnown) {
  EXPECT_EQ(complaint(kPlot, {"wcam-plot", "--hlep"}),
            "wcam-plot: unrecognised option '--hlep'; did you mean '--help'? Known: --help, --version\n");
  EXPECT_EQ(complaint(kPlot, {"wcam-plot", "-v"}),
            "wcam-plot: unrecognised option '-v'; known: --help, --version\n");
}

TEST(Verbs, HelpBeforeAVerbIsHelpAfterIt) {
  EXPECT_EQ(complaint(kPlot, {"wcam-plot", "help", "wcam"}), "");
  EXPECT_EQ(acted, "act --help");
  EXPECT_EQ(complaint(kPlot, {"wcam-plot", "help", "wcan"}),
            "wcam-plot: unknown verb 'wcan'; did you mean 'wcam'? Known: figure-4, figure-5, spatial, "
            "rebuilt, mean, difference, all, wcam, report, gallery\n");
}

}  // namespace
}  // namespace wcam
