// All maps of a sweep on one page, to be browsed offline.
#pragma once

#include <cstddef>
#include <filesystem>

namespace wcam {

struct GalleryRequest {
  std::filesystem::path sweep;            // a sweep directory, or a results.h5
  std::filesystem::path out;              // the page
  std::size_t largest_file = 40'000'000;  // bytes
};

// The folder beside a page: gallery_files of gallery.html.
std::filesystem::path gallery_files(const std::filesystem::path& page);

// Writes OUT, one HTML file with every map and photograph in it, or, where that might be larger than
// largest_file, with them in scripts in a folder beside it. Either opens from
// a disk without a network. Returns whether there is a folder. Reads map by map: what is in memory is
// Results' rows, the page's index (about 100 bytes a map), the largest 1 % of cells and one script.
// Throws InputError: a disk that cannot be written, and as SweepReader does.
bool write_gallery(const GalleryRequest& request);

}  // namespace wcam
