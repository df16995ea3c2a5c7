#include "coordinator/serve/page_data.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

namespace wcam {
namespace {

PageData sample_snapshot() {
  PageData s;
  s.status.sweep = std::string(64, '1');
  s.status.state = "running";
  s.status.running = true;
  s.status.workers = 1;
  s.status.sample = 17;
  s.status.eta_seconds = 400.5;
  s.status.counts.predict.in_state = {3, 1, 20, 5, 2};
  s.status.counts.explain.in_state = {80, 4, 22, 1, 6};
  s.status.counts.images = 50;
  s.status.counts.images_decided = 12;
  s.status.counts.images_selected = 7;
  s.status.counts.images_skipped = 4;
  s.status.counts.images_set_aside = 1;
  s.status.counts.set_aside = {"image <script>.png: cut \xff off"};
  s.workers = {{{"w\"1\\\n", "node1", "cuda:0", 4711}, true, {30, 2.5}, {"predict a.png vit"}},
               {{"w2", "node2", "cpu", 1}, false, {12, 0}, {}}};
  s.cases = {{"vit", {40, 3}, 50, 6}, {"vgg", {2, 0.5}, 4}};
  s.router = {11, 12, 13, 14, 15};
  s.scheduler = {21, 22, 23, 24};
  return s;
}

TEST(PageData, MetricsHaveTheValuesOfTheirNames) {
  const std::string text = metrics_text(sample_snapshot());
  for (const char* line : {
           R"(wcam_jobs{kind="predict",state="waiting"} 3)",
           R"(wcam_jobs{kind="predict",state="leased"} 1)",
           R"(wcam_jobs{kind="predict",state="done"} 20)",
           R"(wcam_jobs{kind="predict",state="set_aside"} 5)",
           R"(wcam_jobs{kind="predict",state="cancelled"} 2)",
           R"(wcam_jobs{kind="explain",state="done"} 22)",
           R"(wcam_images{state="undecided"} 38)",
           R"(wcam_images{state="selected"} 7)",
           R"(wcam_images{state="skipped"} 4)",
           R"(wcam_images{state="set_aside"} 1)",
           "wcam_sample_images 17",
           "wcam_workers 1",
           "wcam_workers_in_trouble 0",
           "wcam_eta_seconds 400.5",
           R"(wcam_jobs_done_total{case="vit"} 40)",
           R"(wcam_jobs_done_total{case="vgg"} 2)",
           R"(wcam_worker_jobs_done_total{worker="w\"1\\\n",host="node1",device="cuda:0"} 30)",
           R"(wcam_worker_jobs_done_total{worker="w2",host="node2",device="cpu"} 12)",
           R"(wcam_messages_unhandled_total{reason="malformed"} 11)",
           R"(wcam_messages_unhandled_total{reason="before_hello"} 12)",
           R"(wcam_messages_unhandled_total{reason="refused"} 13)",
           R"(wcam_messages_unhandled_total{reason="undelivered"} 14)",
           R"(wcam_messages_unhandled_total{reason="too_many"} 15)",
           R"(wcam_answers_unused_total{reason="unknown"} 21)",
           R"(wcam_answers_unused_total{reason="duplicate"} 22)",
           R"(wcam_answers_unused_total{reason="unfit"} 23)",
           "wcam_workers_lost_total 24",
       })
    EXPECT_NE(("\n" + text).find("\n" + std::string(line) + "\n"), std::string::npos) << line << "\n" << text;
}

TEST(PageData, AnUnknownTimeLeftIsNoMetric) {
  PageData s = sample_snapshot();
  s.status.eta_seconds.reset();
  EXPECT_EQ(metrics_text(s).find("wcam_eta_seconds"), std::string::npos);
}

// Each line a HELP, its TYPE, or a sample of that family, each family once and each sample once.
TEST(PageData, MetricsFollowTheExpositionFormat) {
  const std::regex sample(
      R"re(([a-z_]+)(\{([a-z]+="([^"\\]|\\["\\n])*"(,[a-z]+="([^"\\]|\\["\\n])*")*)\})? [0-9.e+-]+)re");
  std::istringstream lines(metrics_text(sample_snapshot()));
  std::set<std::string> families, samples;
  std::string line, family;
  while (std::getline(lines, line)) {
    if (line.rfind("# HELP ", 0) == 0) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(families.insert(family).second) << line;
      ASSERT_TRUE(std::getline(lines, line));
      const bool counter = family.ends_with("_total");
      EXPECT_EQ(line, "# TYPE " + family + (counter ? " counter" : " gauge"));
      continue;
    }
    std::smatch match;
    ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
    EXPECT_EQ(match[1], family);
    EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_EQ(families.size(), 13U);
}

TEST(PageData, TheJsonIsTheStatusWithWorkersCasesAndFigures) {
  const PageData s = sample_snapshot();
  nlohmann::json document = nlohmann::json::parse(to_json_text(s, {{"figure-5/a.png", 7}}));
  EXPECT_EQ(document["figures"], nlohmann::json::parse(R"([{"name": "figure-5/a.png", "modified": 7}])"));
  EXPECT_EQ(document["by_case"],
            nlohmann::json::parse(
                R"([{"name": "vit", "done": 40, "known": 50, "set_aside": 6, "jobs_per_minute": 3},
                                       {"name": "vgg", "done": 2, "known": 4, "set_aside": 0, "jobs_per_minute": 0.5}])"));
  const nlohmann::json& worker = document["by_worker"][0];
  EXPECT_EQ(worker["host"], "node1");
  EXPECT_EQ(worker["pid"], 4711);
  EXPECT_EQ(worker["device"], "cuda:0");
  EXPECT_EQ(worker["done"], 30);
  EXPECT_EQ(worker["in_hand"], nlohmann::json::array({"predict a.png vit"}));
  EXPECT_EQ(document["by_worker"][1]["connected"], false);
  for (const char* ours : {"figures", "by_case", "by_worker"}) document.erase(ours);
  EXPECT_EQ(document, nlohmann::json::parse(to_json_text(s.status)));
}

}  // namespace
}  // namespace wcam
