// Which files are images, and how one is found by its name without the ending.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/study/not_taken.h"

namespace wcam {

// Regular files with an image's ending (jpg jpeg png webp bmp tif tiff, in any case), or with another name of
// JPEG or none and a JPEG's first bytes; sorted, '/'-separated below the folder. What else is there goes to
// `not_taken`, if given; links to folders are not followed, and a folder inside that cannot be read is left
// out. Throws InputError: not a folder, not readable, no image in it (and what is), a name that is not UTF-8.
std::vector<std::string> list_images(const std::filesystem::path& folder, NotTaken* not_taken = nullptr);

// "n01443537/a.b.JPEG" -> "n01443537/a.b": what the altered forms of an image share with it.
std::string image_stem(const std::string& path);

// The image below `folder` with this stem, whatever its ending, and however its accents are written where
// none is written so; nullopt when there is none. Where there are two, either: list_images() tells. With its
// ending guessed right (".JPEG") it costs one look at the file system, with another usual one a dozen, else a
// listing of its folder.
std::optional<std::filesystem::path> find_image(const std::filesystem::path& folder, const std::string& stem,
                                                const std::string& likely_ending);

}  // namespace wcam
