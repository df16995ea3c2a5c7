#include "common/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "common/error.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

[[noreturn]] void fail(const std::string& act, const fs::path& path, int error) {
  throw InputError("cannot " + act + " " + path.string() + ": " + std::strerror(error));
}

void sync(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) fail("open", path, errno);
  const int failed = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (failed != 0) fail("make durable", path, failed);
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
      temporary_(target_.parent_path() /
                 ("." + target_.filename().string() + "." + std::to_string(::getpid()) + ".partial")) {}

PendingFile::~PendingFile() {
  std::error_code ignored;
  if (!committed_) fs::remove(temporary_, ignored);
}

void PendingFile::commit() {
  sync(temporary_, O_RDONLY);
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail("rename to", target_, errno);
  committed_ = true;
  const fs::path folder = target_.parent_path();
  sync(folder.empty() ? fs::path(".") : folder, O_RDONLY | O_DIRECTORY);
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

void make_directories(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw InputError("cannot create folder " + folder.string() + ": " + error.message());
}

}  // namespace wcam
