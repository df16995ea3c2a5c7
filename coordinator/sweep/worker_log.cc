#include "coordinator/sweep/worker_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace wcam {

namespace {

constexpr off_t kLookedAt = 65'536;  // bytes at the end of the file
constexpr std::size_t kMostLines = 8, kMostBytes = 1'500, kLongestLine = 400;

std::string end_of(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return "";
  std::string text;
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    text.resize(static_cast<std::size_t>(std::min(status.st_size, kLookedAt)));
    const ssize_t count =
        ::pread(fd, text.data(), text.size(), std::max<off_t>(status.st_size - kLookedAt, 0));
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  ::close(fd);
  return text;
}

std::string printable(std::string_view line) {
  std::string text(line.substr(0, kLongestLine));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

// What is quoted after message=.
std::string message_of(const std::string& line) {
  constexpr std::string_view kKey = " message=\"";
  const std::size_t begin = line.find(kKey), end = line.rfind('"');
  if (begin == std::string::npos || end < begin + kKey.size()) return "";
  return line.substr(begin + kKey.size(), end - begin - kKey.size());
}

}  // namespace

WorkerEnding ending_in(const std::filesystem::path& log, pid_t pid) {
  const std::string text = end_of(log), about = " pid=" + std::to_string(pid) + " ";
  WorkerEnding found;
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = printable(std::string_view(text).substr(start, end - start));
    start = end + 1;
    if (line.substr(0, line.find(" message=")).append(" ").find(about) == std::string::npos) continue;
    if (line.find(" program=wcam" + about) != std::string::npos) found.how = message_of(line);
    lines.push_back(line);
  }
  std::size_t bytes = 0, first = lines.size();
  while (first > 0 && lines.size() - first < kMostLines && bytes + lines[first - 1].size() < kMostBytes)
    bytes += lines[--first].size() + 1;
  for (; first < lines.size(); ++first) found.log_tail += "\n" + lines[first];
  if (!found.log_tail.empty()) found.log_tail.erase(0, 1);
  return found;
}

}  // namespace wcam
