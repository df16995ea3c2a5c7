#include "common/base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "common/base/error.h"
#include "common/base/host.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

constexpr std::string_view kPartial = ".partial";

[[noreturn]] void fail(const std::string& act, const fs::path& path, int error) {
  throw InputError("cannot " + act + " " + path.string() + ": " + std::strerror(error));
}

// What fsync said: 0 or an error.
int sync(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) fail("open", path, errno);
  const int failed = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return failed;
}

}  // namespace

std::string read_file(const fs::path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::ostringstream content;
  if (!in || fs::is_directory(file)) fail("read", file, errno != 0 ? errno : EISDIR);
  if (in.peek() != std::ifstream::traits_type::eof()) content << in.rdbuf();
  if (in.bad() || content.fail()) fail("read", file, errno);  // a fault on the way is content's
  return content.str();
}

PendingFile::PendingFile(fs::path target)
    : target_(std::move(target)),
      temporary_(target_.parent_path() / ("." + target_.filename().string() + "." + host_name() + "." +
                                          std::to_string(::getpid()) + std::string(kPartial))) {}

PendingFile::~PendingFile() {
  std::error_code ignored;
  if (!committed_) fs::remove(temporary_, ignored);
}

void PendingFile::commit() {
  put_in_place(temporary_, target_);
  committed_ = true;
}

void put_in_place(const fs::path& temporary, const fs::path& target) {
  if (const int failed = sync(temporary, O_RDONLY); failed != 0) fail("make durable", target, failed);
  if (std::rename(temporary.c_str(), target.c_str()) != 0) fail("rename to", target, errno);
  sync_folder_of(target);
}

bool sync_folder_of(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const int failed = sync(folder, O_RDONLY | O_DIRECTORY);
  if (failed == EINVAL || failed == ENOTSUP || failed == EBADF) return false;
  if (failed != 0) fail("make durable", folder, failed);
  return true;
}

bool keeps_permissions(const fs::path& folder) {
  std::string name = (folder / ".permissions-XXXXXX").string();
  const int fd = ::mkstemp(name.data());  // for its owner alone
  if (fd < 0) return true;
  struct stat status {};
  const bool known = ::fstat(fd, &status) == 0;
  ::close(fd);
  ::unlink(name.c_str());
  return !known || (status.st_mode & 077U) == 0;
}

void write_file_atomically(const fs::path& target, std::string_view content) {
  PendingFile file(target);
  std::FILE* out = std::fopen(file.path().c_str(), "wb");
  if (out == nullptr) fail("write", target, errno);
  const bool whole = std::fwrite(content.data(), 1, content.size(), out) == content.size();
  const int failed = whole ? 0 : errno;
  if (std::fclose(out) != 0 || failed != 0) fail("write", target, failed != 0 ? failed : errno);
  file.commit();
}

void remove_abandoned(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();  // .TARGET.HOST.PID.partial
    if (!name.starts_with('.') || !name.ends_with(kPartial)) continue;
    name.resize(name.size() - kPartial.size());
    const std::size_t dot = name.rfind('.');
    const std::string pid = name.substr(dot + 1);
    const bool is_number =
        !pid.empty() && pid.size() < 10 && pid.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || !name.substr(0, dot).ends_with("." + host_name())) continue;
    const bool ended = ::kill(std::stoi(pid), 0) != 0 && errno == ESRCH;
    std::error_code ignored;
    if (ended) fs::remove(entry.path(), ignored);
  }
}

void check_can_write(const fs::path& target) {
  if (fs::is_directory(target)) fail("write", target, EISDIR);
  const PendingFile probe(target);
  std::FILE* out = std::fopen(probe.path().c_str(), "wb");
  if (out == nullptr) fail("write", target, errno);
  std::fclose(out);
}

bool lies_in(const fs::path& inner, const fs::path& outer) {
  const auto resolved = [](const fs::path& path) {
    const fs::path whole = fs::weakly_canonical(fs::absolute(path));
    return whole.has_filename() ? whole : whole.parent_path();  // a slash at the end is no name
  };
  const fs::path below = resolved(inner), above = resolved(outer);
  return std::mismatch(above.begin(), above.end(), below.begin(), below.end()).first == above.end();
}

bool stays_below(const fs::path& path) {
  return !path.empty() && path.is_relative() && std::find(path.begin(), path.end(), "..") == path.end();
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.front() != '.' &&
         std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c == '/' || c < 0x20 || c == 0x7f; });
}

void make_directories(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw InputError("cannot create folder " + folder.string() + ": " + error.message());
}

}  // namespace wcam
