// What lies in a folder of images, or of variants, and is not taken for one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace wcam {

class NotTaken {
 public:
  enum class Why {
    kNotHere,     // a link to a file that is not there, or a pointer in a file's place
    kUnreadable,  // the name says why
    kFolderLink,  // a link to a folder, where these are not followed
    kOfASystem,   // its trash, thumbnails, recovered fragments
    kNoFile,      // a device, a pipe
    kNoFolder,    // a file where folders are expected
    kHidden,
    kOfAnEnding,  // that is none of images
  };

  void add(Why why, const std::string& name);
  // Those of a folder that is called so.
  void add(const NotTaken& others, const std::filesystem::path& folder);
  bool empty() const { return names_.empty(); }

  // "2 links to files that are not there: a.png, b.png (...); 1 hidden; by ending: 3 .gif": one line.
  std::string text() const;

 private:
  std::map<Why, std::vector<std::string>> names_;
};

// A folder that systems and their programs make beside people's files: thumbnails ("@eaDir"), trash
// ("$RECYCLE.BIN", "#recycle"), recovered fragments ("lost+found"), snapshots, "__MACOSX".
bool is_of_a_system(const std::string& name);

}  // namespace wcam
