// How often does a report say what is so? Many small sweeps whose truth is planted, each asked the question
// that its truth is about.
//   planted_truths [SEEDS [CLAIMS]]    default 40; of claims whose names begin so; prints how many of so many
//                                      reports say so, and what the others say
//   planted_truths --write FOLDER IMAGES CASES CORRUPTIONS GRID REPLICATES    one sweep, for report_rate
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/analysis/report/planted_verdicts.h"
#include "tests/temporary_folder.h"

int main(int argc, char** argv) {
  using namespace wcam;
  if (argc == 8 && std::string(argv[1]) == "--write") {
    planted::Truth truth;
    truth.moves = planted::Moves::kSeverity;
    truth.cases_differ = planted::Differ::kKind;
    truth.images = std::atoi(argv[3]);
    truth.cases = std::atoi(argv[4]);
    truth.corruptions = std::atoi(argv[5]);
    truth.grid = std::atoi(argv[6]);
    truth.replicates = std::atoi(argv[7]);
    planted::write_sweep(argv[2], truth);
    return 0;
  }
  const int seeds = argc > 1 ? std::atoi(argv[1]) : 40;
  for (const planted::Claim& claim : planted::claims()) {
    if (argc > 2 && claim.name.rfind(argv[2], 0) != 0) continue;
    int right = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
      planted::Truth truth = claim.truth;
      truth.seed = static_cast<std::uint64_t>(seed);
      const TemporaryFolder folder;
      const std::string said = planted::answer(folder.path() / "sweep", truth, claim.section);
      if (planted::says(said, claim)) {
        ++right;
      } else {
        std::printf("  %s, seed %d: %s\n", claim.name.c_str(), seed, said.c_str());
      }
    }
    std::printf("%s: %d of %d\n", claim.name.c_str(), right, seeds);
    std::fflush(stdout);
  }
  return 0;
}
