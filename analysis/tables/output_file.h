// A file that is written from its beginning to its end.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace wcam {

class OutputFile {
 public:
  // Replaces what is there. Errors are InputError, which call it `name`, the one it is meant to have.
  OutputFile(const std::filesystem::path& path, const std::filesystem::path& name)
      : name_(name.string()), file_(std::fopen(path.c_str(), "wb"), &std::fclose) {
    if (!file_) fail();
  }

  void write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail();
  }
  // Over what stands at the beginning.
  void write_at_the_beginning(std::string_view bytes) {
    if (std::fseek(file_.get(), 0, SEEK_SET) != 0) fail();
    write(bytes);
  }
  // Hands everything to the operating system (durability: PendingFile).
  void close() {
    if (std::fclose(file_.release()) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const { throw InputError("cannot write " + name_ + ": " + std::strerror(errno)); }

  std::string name_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace wcam
