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
std::uint64_t seeded_key(std::uint64_t seed, std::string_view image, std::string_view purpose,
                         std::string_view item = "");

// The order in which images are taken: first those of the sample that an extended sweep had, by rank, their
// "key" being their place; then by seeded_key(seed, path, "order"), or listed ones (SelectionRule::kListed)
// as they are listed, their key being their place too.
struct KeyedImage {
  std::uint64_t key = 0;
  std::uint32_t index = 0;  // into Plan::images
};

// Every image of the plan once, smallest key first. Throws InputError naming two images whose keys are
// equal (chance 10^-7 in a million images), since the ledger names images by their key.
std::vector<KeyedImage> taking_order(const Plan& plan);

}  // namespace wcam
