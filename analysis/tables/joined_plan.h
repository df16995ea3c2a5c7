// Several sweeps' plans as that of one study, where they agree in everything that decides a number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/study/plan.h"

namespace wcam {

struct JoinedPlan {
  // Images, cases and labels explained of all sweeps, those of the first first; as many replicates as every
  // sweep has; true labels and names of classes where some sweep knows them. It is no plan of a sweep: it
  // lists no WCAMs, and true labels may be known of some images only.
  Plan plan;
  // Of each sweep: the place in plan.images of each of its images, and in plan.cases of its cases.
  std::vector<std::vector<std::uint32_t>> images;
  std::vector<std::vector<std::uint16_t>> cases;
  std::vector<std::string> remarks;  // what the sweeps do not have in common, a sentence each
};

// Sweeps are called A, B, ... in their order; one has at most kMostSweeps of them.
inline constexpr std::size_t kMostSweeps = 26;
std::string letter_of(std::size_t sweep);

// An image is known by its SHA-256, whatever its name, and is called as in the first sweep that has it. A
// name that means another file there gets the SHA-256's first 12 digits: "cat.png (1f0c63a2b9d4)". A case is
// known by its name, behind which there must be one and the same network. Throws InputError listing what
// differs and may not, with both values and the remedy.
JoinedPlan join_plans(const std::vector<Plan>& sweeps);

}  // namespace wcam
