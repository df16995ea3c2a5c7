// Whether corruptions are what the published code makes of the same picture.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "worker/images/image.h"

namespace wcam::test {

struct Agreement {
  double equal = 0, within_one = 0;  // shares
  int largest = 0;
};

// Of two pictures of one size.
Agreement compare(const std::vector<std::uint8_t>& ours, const std::vector<std::uint8_t>& published);

// Of those that draw nothing: `file` holds a square picture, "clean", and as "NAME/SEVERITY" what each makes
// of it.
void expect_published_pixels(const std::filesystem::path& file);

// Of all but frost: `csv` has a line a picture, corruption and severity, `pictures` those that it names.
// Deterministic ones are compared on every picture, sixteen draws of each random one on one picture a
// severity.
void expect_published_statistics(const std::filesystem::path& csv,
                                 const std::map<std::string, RgbImage>& pictures);

}  // namespace wcam::test
