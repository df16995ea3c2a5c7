// write_sample_report OUT: sample_report() as files, for test_report_page.py.
#include <iostream>

#include "plotting/report/report_files.h"
#include "tests/plotting/report/sample_report.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  wcam::ReportFiles files;
  files.out = argv[1];
  files.json = true;
  wcam::write_report(wcam::test::sample_report(), files,
                     [](const std::filesystem::path& file) { std::cout << file.string() << "\n"; });
}
