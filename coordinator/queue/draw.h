// Draws that depend on nothing but what is drawn: the same on every machine, with every library and whatever
// was drawn before, so that a sample does not change with the number of workers, and adding images or
// variants does not reshuffle the others.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/study/plan.h"

namespace wcam {

// The first 63 bits, big-endian, of the SHA-256 of the bytes "SEED\0IMAGE\0PURPOSE\0ITEM\0": SEED in decimal,
// IMAGE the path of the plan, both texts UTF-8 as they stand. Drawing k of n items is taking the k with the
// smallest draws.
std::uint64_t draw(std::uint64_t seed, std::string_view image, std::string_view purpose,
                   std::string_view item = "");

// The order in which images are taken: by draw(seed, path, "order"); listed ones
// (SelectionRule::kListed) as they are listed, their "draw" being their place.
struct DrawnImage {
  std::uint64_t draw = 0;
  std::uint32_t index = 0;  // into Plan::images
};

// Every image of the plan once, smallest draw first. Throws InputError naming two images whose draws are
// equal (chance 10^-7 in a million images), since the ledger names images by their draw.
std::vector<DrawnImage> taking_order(const Plan& plan);

}  // namespace wcam
