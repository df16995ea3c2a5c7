// Files that are either whole or not there, and the lock of a sweep directory.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace wcam {

// The content of a file. Throws InputError naming file and reason.
std::string read_file(const std::filesystem::path& file);

// A new file under a temporary name beside `target`; commit() makes it durable (fsync), renames it to
// `target` and makes the rename durable (fsync of the folder). Not committed: removed. Errors are InputError
// with path and reason.
class PendingFile {
 public:
  explicit PendingFile(std::filesystem::path target);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  // Write here by any means, and close it, before commit().
  const std::filesystem::path& path() const { return temporary_; }
  void commit();

 private:
  std::filesystem::path target_, temporary_;
  bool committed_ = false;
};

// What commit() does with any file of the target's folder: makes it durable under the target's name, whatever
// has that name.
void put_in_place(const std::filesystem::path& temporary, const std::filesystem::path& target);

// Makes durable that the file is there under its name: fsync of its folder. False where the file system has
// no such thing (some of CIFS, 9p, FUSE), and a crash of the machine may cost the name: nothing helps there.
bool sync_folder_of(const std::filesystem::path& file);

// Whether a file that is made in the folder for its owner alone is so; true where none can be made. And what
// to say, with the remedy, where it is not.
bool keeps_permissions(const std::filesystem::path& folder);
inline constexpr const char* kKeepsNoPermissions =
    "its file system keeps no permissions, and chmod does not help; mount it so that files are their owner's "
    "alone "
    "(CIFS: file_mode=0600,dir_mode=0700; exFAT, FAT: umask=077; WSL: metadata, in /etc/wsl.conf), or keep "
    "the sweep "
    "on another";

// Writes content that is at hand through a PendingFile.
void write_file_atomically(const std::filesystem::path& target, std::string_view content);

// Removes from `folder` what processes of this host that have ended left half-written. Another host's, and
// what cannot be removed, stays.
void remove_abandoned(const std::filesystem::path& folder);

// Throws the InputError with which writing `target` would fail, before any work is done. Leaves nothing
// behind.
void check_can_write(const std::filesystem::path& target);

// Whether `inner` is `outer` or below it, links resolved as far as they exist.
bool lies_in(const std::filesystem::path& inner, const std::filesystem::path& outer);

// Whether `path`, joined to any folder, names something in it: relative, not empty, without "..". Links are
// not looked at.
bool stays_below(const std::filesystem::path& path);

// Whether `name` can be a file's name inside a known folder: 1 to 255 bytes, no "/", no leading dot, no
// control character.
bool is_file_name(std::string_view name);

// Creates the folder and its parents; InputError naming it when that fails.
void make_directories(const std::filesystem::path& folder);

}  // namespace wcam
