#include "coordinator/sweep/status.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sweep_directory.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

Status sample_status() {
  Status s;
  s.sweep = std::string(64, '1');
  s.state = "running";
  s.running = true;
  s.host = "node1";
  s.pid = 4711;
  s.endpoint = "tcp://127.0.0.1:5555";
  s.updated = 1'800'000'000;
  s.workers = 1;
  s.sample = 17;
  s.jobs_per_minute = 12.14;
  s.eta_seconds = 400;
  s.counts.predict.in_state = {3, 1, 20, 0, 2};
  s.counts.explain.in_state = {80, 4, 22, 1, 0};
  s.counts.images = 50;
  s.counts.images_decided = 12;
  s.counts.images_selected = 5;
  s.counts.images_set_aside = 1;
  s.counts.set_aside = {"image a.png: cut off", "explain b.png source vit: constant outputs"};
  return s;
}

TEST(Status, SurvivesItsText) {
  const Status s = sample_status();
  EXPECT_EQ(to_json_text(status_from_json_text(to_json_text(s), "x")), to_json_text(s));
  Status unknown = s;
  unknown.eta_seconds.reset();
  EXPECT_FALSE(status_from_json_text(to_json_text(unknown), "x").eta_seconds);
  EXPECT_THROW(status_from_json_text("{", "x"), InputError);
  EXPECT_THROW(status_from_json_text("{}", "x"), InputError);
}

TEST(Status, TheProgressLineTellsWhatDoneOfWhatHowFastHowLongByWhom) {
  EXPECT_EQ(
      progress_line(sample_status()),
      "42/131 jobs, 5 of 17 images selected, 12.1 jobs/min, ETA 7 min, 1 worker, 2 set aside, 2 cancelled");
  Status unknown = sample_status();
  unknown.eta_seconds.reset();
  unknown.workers = 0;
  EXPECT_EQ(progress_line(unknown),
            "42/131 jobs, 5 of 17 images selected, 12.1 jobs/min, ETA unknown, 0 workers, 2 set aside, 2 "
            "cancelled");
  Status all_done = unknown;
  all_done.counts.predict = all_done.counts.explain = {};
  all_done.counts.explain.in_state[static_cast<std::size_t>(JobState::kDone)] = 3;
  all_done.counts.explain.in_state[static_cast<std::size_t>(JobState::kSetAside)] = 1;
  EXPECT_EQ(progress_line(all_done).find("ETA"), std::string::npos) << progress_line(all_done);
  unknown.running = false;
  EXPECT_EQ(progress_line(unknown), "42/131 jobs, 5 of 17 images selected, 2 set aside, 2 cancelled");
}

TEST(Status, TheLongFormNamesWhatWasSetAside) {
  const std::string text = describe(sample_status());
  EXPECT_NE(text.find("set aside: image a.png: cut off\n"), std::string::npos) << text;
  EXPECT_NE(text.find("running: coordinator 4711 on node1, tcp://127.0.0.1:5555\n"), std::string::npos)
      << text;
}

TEST(Status, SaysThatResultsComeFromUnlikeProcessorsOnlyWhenTheyDo) {
  Status s = sample_status();
  s.counts.provenances = {{"A CPU; OpenBLAS 0.3.21 Zen", 3}};
  EXPECT_EQ(describe(s).find("unlike"), std::string::npos);
  s.counts.provenances[""] = 1;
  const std::string line =
      "unlike processors or libraries, so results agree to rounding only (docs/reproducibility.md): 1 worker "
      "on "
      "one that is not known | 3 workers on A CPU; OpenBLAS 0.3.21 Zen\n";
  EXPECT_NE(describe(s).find(line), std::string::npos) << describe(s);
  EXPECT_EQ(status_from_json_text(to_json_text(s), "x").counts.provenances, s.counts.provenances);
}

TEST(Status, SaysWhyASampleStaysShortOnceItMust) {
  struct Row {
    const char* name;
    std::size_t decided, selected, skipped, set_aside, sample;
    std::string expected;
  };
  const Row table[] = {
      {"not all decided", 11, 5, 5, 1, 17, ""},
      {"filled", 12, 5, 6, 1, 5, ""},
      {"both causes", 12, 5, 6, 1, 17,
       "5 of the 17 images asked for were selected, of 12: 1 set aside, 6 without a variant that changes the "
       "prediction of every case"},
      {"bad images alone, as with --select all", 12, 11, 0, 1, 12,
       "11 of the 12 images asked for were selected, of 12: 1 set aside"},
      {"none qualifies", 12, 0, 12, 0, 1,
       "0 of the 1 image asked for were selected, of 12: 12 without a variant that changes the prediction of "
       "every "
       "case"},
      {"all qualify, more were asked for", 12, 12, 0, 0, 17,
       "12 of the 17 images asked for were selected, of 12: there are no more"},
  };
  for (const Row& row : table) {
    Status s = sample_status();
    s.sample = row.sample;
    s.counts.images = 12;
    s.counts.images_decided = row.decided;
    s.counts.images_selected = row.selected;
    s.counts.images_skipped = row.skipped;
    s.counts.images_set_aside = row.set_aside;
    EXPECT_EQ(shortfall(s), row.expected) << row.name;
    EXPECT_EQ(describe(s).find("sample: " + row.expected + "\n") != std::string::npos, !row.expected.empty())
        << row.name;
  }
}

TEST(Status, AResumingCoordinatorIsShownBeforeItListens) {
  const TemporaryFolder folder;
  const SweepDirectory directory{folder.path()};
  const Plan plan = small_plan(3, 1, 1);
  write_file_atomically(directory.plan(), to_json_text(plan));
  write_file_atomically(directory.status(), to_json_text(sample_status()));
  Status starting = starting_status(directory.root);
  EXPECT_EQ(starting.sweep, sweep_id(plan));
  EXPECT_EQ(starting.done(), sample_status().done());
  starting.updated -= 3'600;  // hashing may take long
  write_file_atomically(directory.status(), to_json_text(starting));
  const Ledger held(directory.ledger());
  const Status read = read_status(directory.root);
  EXPECT_TRUE(read.running);
  EXPECT_EQ(describe(read).rfind("starting: coordinator " + std::to_string(::getpid()) + " on " + read.host +
                                     ", not yet listening\n",
                                 80),
            71U)
      << describe(read);
}

TEST(Status, WhatIsNoSweepIsRefused) { EXPECT_THROW(read_status("/no/where"), InputError); }

}  // namespace
}  // namespace wcam
