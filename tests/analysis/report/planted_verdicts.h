// What a report has to say of a planted truth.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "analysis/report/make_report.h"
#include "common/store/results.h"
#include "tests/analysis/report/planted_sweep.h"

namespace wcam::planted {

struct Claim {
  std::string name;
  Truth truth;
  std::string section;            // the question that it is about
  std::vector<std::string> said;  // parts of the answer, all of them
  std::vector<std::string> not_said = {};
};

inline std::vector<Claim> claims() {
  Truth none, degree, kind, severity, flip, cases_degree, cases_kind, cases_alike, seven_alike, seven_within,
      halves_none, halves_kind;
  degree.moves = Moves::kDegree;
  kind.moves = Moves::kKind;
  severity.moves = Moves::kSeverity;
  flip.moves = Moves::kFlip;
  cases_degree.cases_differ = Differ::kDegree;
  cases_kind.cases_differ = Differ::kKind;
  halves_none.replicates = halves_kind.replicates = 1;
  halves_kind.moves = Moves::kKind;
  for (Truth* cases : {&cases_degree, &cases_kind, &cases_alike, &seven_alike, &seven_within}) {
    cases->images = 120;
    cases->altered = 0;  // cases are compared on sources
    cases->corruptions = 1;
  }
  // 84 looks at the margin.
  seven_alike.cases = seven_within.cases = 7;
  seven_alike.images = seven_within.images = 60;
  seven_within.cases_differ = Differ::kWithin;
  // Strong interactions among few points: what two designs misjudge is up to 4 points of share in all images.
  cases_degree.replicates = 4;
  const std::string still = "Corruptions that change the prediction are not shown to move",
                    moved =
                        "Corruptions that change the prediction move the maps further than their estimation "
                        "noise",
                    by_case = "it is shown under all 2 cases, each by itself";
  return {
      {"no shift: none is seen", none, "shift", {still}, {"change of degree"}},
      {"no shift, one design: none is seen", halves_none, "shift", {still}, {"change of degree"}},
      {"no shift: none when the label flips",
       none,
       "flips",
       {"not shown to be larger"},
       {"the shift is larger when"}},
      {"no shift: no corruption moves a level", none, "corruptions", {"is shown to change"}, {}},
      {"shift in degree: said so", degree, "shift", {still, "What is shown is a change of degree"}, {}},
      {"shift in kind: under all cases", kind, "shift", {moved, by_case}, {"change of degree"}},
      {"shift in kind, one design: under all cases",
       halves_kind,
       "shift",
       {moved, by_case},
       {"change of degree"}},
      {"shift in kind: corruptions move levels", kind, "corruptions", {"Largest first"}, {}},
      {"shift by severity alone: not by the flip",
       severity,
       "flips",
       {"not shown to be larger", "severity explains it as well"},
       {"the shift is larger when the label flips"}},
      {"shift by the flip: larger",
       flip,
       "flips",
       {"the shift is larger when the label flips ("},
       {"not shown"}},
      {"cases alike: not in kind", cases_alike, "kinds", {"Neither in kind"}, {"They differ"}},
      {"cases alike, seven of them: not in kind", seven_alike, "kinds", {}, {"They differ"}},
      {"cases within the margin, seven of them: not in kind",
       seven_within,
       "kinds",
       {},
       {"They differ in kind"}},
      {"cases differ in degree: said so",
       cases_degree,
       "kinds",
       {"They differ in degree only"},
       {"in kind, by"}},
      {"cases differ in kind: said so",
       cases_kind,
       "kinds",
       {"They differ in kind, by"},
       {"in degree only,"}},
  };
}

// The answer of one section of the report on a sweep made in `folder`, which is not there yet.
inline std::string answer(const std::filesystem::path& folder, const Truth& truth,
                          const std::string& section) {
  write_sweep(folder, truth);
  const Report report = make_report(Study(Results::open(folder)), ReportOptions{});
  for (const Section& one : report.sections)
    if (one.id == section) return one.answer;
  throw std::logic_error("no section " + section);
}

inline bool says(const std::string& answer, const Claim& claim) {
  for (const std::string& part : claim.said)
    if (answer.find(part) == std::string::npos) return false;
  for (const std::string& part : claim.not_said)
    if (answer.find(part) != std::string::npos) return false;
  return true;
}

}  // namespace wcam::planted
