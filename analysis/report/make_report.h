// Reports: what a sweep's results say to the seven questions that such a study is made for.
//
// Images are the unit of every interval and test, whatever number of rows they have; families of tests are
// corrected (Holm) and nothing is asserted below kFewestImages images, where the answer says what is missing.
#pragma once

#include <string>

#include "analysis/report/report.h"
#include "analysis/tables/study.h"

namespace wcam {

// mCE relative to the published error of AlexNet instead of one of the cases.
inline constexpr const char* kAlexNet = "alexnet";

struct ReportOptions {
  std::string title;  // empty: the study's
  // What mean corruption errors are divided by: a case's name, or kAlexNet; empty: the plan's first case.
  std::string mce_reference;
  // Two cases whose mean level shares differ by less than this at every level do not differ in kind: to be
  // chosen before the data are seen. Above 0 and below 1.
  double equivalence_margin = 0.05;
};

// Reads every profile once and every prediction twice (observations.h says what that takes). Throws
// UsageError for options out of range or a reference that is no case, and InputError as observe() does.
Report make_report(const Study& study, const ReportOptions& options);

}  // namespace wcam
