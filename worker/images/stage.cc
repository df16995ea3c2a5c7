#include "worker/images/stage.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sha256.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

constexpr std::uint64_t kReserve = std::uint64_t{256} << 20U;  // bytes, left to others

// Tells one content of one file from another without reading it; the file's own name at the end is for
// people.
std::string name_of_copy(const fs::path& file) {
  const std::string what = fs::absolute(file).string() + "\n" + std::to_string(fs::file_size(file)) + "\n" +
                           std::to_string(fs::last_write_time(file).time_since_epoch().count());
  return sha256_of(what).substr(0, 32) + "-" + file.filename().string();
}

// While it lives, no other process of this host copies to `target`.
class CopyLock {
 public:
  explicit CopyLock(const fs::path& target)
      : fd_(::open((target.parent_path() / ("." + target.filename().string() + ".lock")).c_str(),
                   O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (fd_ < 0) throw InputError("cannot lock " + target.string() + ": " + std::strerror(errno));
    while (::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~CopyLock() { ::close(fd_); }
  CopyLock(const CopyLock&) = delete;
  CopyLock& operator=(const CopyLock&) = delete;

 private:
  int fd_;
};

void make_copy(const fs::path& file, const fs::path& target) {
  make_directories(target.parent_path());
  const std::uint64_t available = fs::space(target.parent_path()).available;
  if (available < fs::file_size(file) + kReserve)
    throw InputError("only " + std::to_string(available >> 20U) + " MiB are free there");
  const CopyLock lock(target);
  if (fs::exists(target)) return;
  PendingFile pending(target);
  fs::copy_file(file, pending.path(), fs::copy_options::overwrite_existing);
  pending.commit();
}

}  // namespace

Stage::Stage(fs::path folder) : folder_(std::move(folder)) {
  if (!folder_.empty()) remove_abandoned(folder_);
}

fs::path Stage::local(const fs::path& file, const std::string& sha256) const {
  const fs::path here = local(file);
  if (here == file || sound_.contains(here)) return here;
  if (sha256_of_file(here) != sha256) {
    std::error_code ignored;
    fs::remove(here, ignored);  // whoever needs it next makes it anew
    return file;
  }
  sound_.insert(here);
  return here;
}

fs::path Stage::local(const fs::path& file) const try {
  if (folder_.empty() || !fs::exists(file)) return file;  // whoever reads it says what is wrong
  const fs::path target = folder_ / name_of_copy(file);
  if (!fs::exists(target)) make_copy(file, target);
  return target;
} catch (const std::exception& e) {  // std::filesystem's, InputError
  if (!warned_)
    spdlog::warn("cannot stage {} in {}: {}; it is used where it is", file.string(), folder_.string(),
                 e.what());
  warned_ = true;
  return file;
}

}  // namespace wcam
