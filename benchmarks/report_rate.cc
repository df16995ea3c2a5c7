// How long does a report take, and how much memory? Prints what it answers too.
//   report_rate SWEEP|FILE...
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>

#include "analysis/report/make_report.h"
#include "common/store/results.h"

namespace {

using namespace wcam;

void print(const Report& report) {
  for (const auto& [what, value] : report.facts) std::printf("  %s: %s\n", what.c_str(), value.c_str());
  for (const Section& section : report.sections) {
    std::printf("%s (%zu images)\n  %s\n", section.question.c_str(), section.images, section.answer.c_str());
    for (const std::string& doubt : section.doubts) std::printf("  - %s\n", doubt.c_str());
    for (const Chart& chart : section.charts) {
      std::size_t points = 0;
      for (const ChartSeries& series : chart.series) points += series.points.size();
      std::printf("  [%s: %zu series, %zu points]\n", chart.name.c_str(), chart.series.size(), points);
    }
    for (const ReportTable& table : section.tables)
      std::printf("  [%s: %zu x %zu]\n", table.name.c_str(), table.rows.size(), table.columns.size());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  for (int i = 1; i < argc; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    const Study results = Study::open({argv[i]}, {});
    ReportOptions options;
    options.title = argv[i];
    print(make_report(results, options));
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%s: %zu profiles, %.1f s, CPU %.1f s, peak memory %ld MiB\n", argv[i],
                results.profiles().size(),
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC, usage.ru_maxrss / 1024);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
