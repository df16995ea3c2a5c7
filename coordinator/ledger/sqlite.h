// SQLite's C library behind one checked layer. One owner thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/scratch_folder.h"

struct sqlite3;
struct sqlite3_stmt;

namespace wcam {

class Statement;

// Thrown when another process has the file locked.
class BusyError : public InputError {
 public:
  using InputError::InputError;
};

// Thrown when the file is damaged.
class DamageError : public InputError {
 public:
  using InputError::InputError;
  DamageError(const std::filesystem::path& file, const std::string& what);
};

// Thrown when the file cannot be written for now: a full disk, a quota, a fault of the disk.
class NoRoomError : public InputError {
 public:
  using InputError::InputError;
};

// One connection to a file. What SQLite reports is thrown as InputError, or as one of the errors above, with
// the file, SQLite's reason and the remedy.
class Database {
 public:
  // kReadOnly reads beside other readers. Where a file system cannot share memory between processes (some
  // network file systems, FUSE) it reads alone and keeps others out meanwhile. Where it may not write, which
  // SQLite's readers do, it reads a copy and keeps writers out meanwhile.
  enum class Access { kReadOnly, kReadWriteCreate };
  Database(std::filesystem::path file, Access access);

  // Runs one or more statements without parameters.
  void execute(const std::string& sql);
  std::int64_t query_integer(const std::string& sql);
  Statement prepare(const std::string& sql);
  // Rows that the latest INSERT, UPDATE or DELETE changed.
  int changes() const;

  const std::filesystem::path& file() const { return file_; }
  [[noreturn]] void fail(int code, const std::string& while_doing) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  // In a folder of temporary files. Both go with it, the lock on the original too.
  class Copy {
   public:
    Copy(const std::filesystem::path& original, int lock);
    ~Copy();
    std::filesystem::path file() const { return folder_.path() / "ledger.sqlite"; }

   private:
    const int lock_;
    const ScratchFolder folder_;
  };
  void open(const std::string& name, int flags);
  int trial() const;
  void adapt(int code);

  std::filesystem::path file_;
  std::unique_ptr<Copy> copy_;
  std::unique_ptr<sqlite3, Close> connection_;
};

// A prepared statement, used again and again: run() binds all parameters in order and executes it.
class Statement {
 public:
  Statement(const Database& database, sqlite3_stmt* statement);

  // Executes an INSERT, UPDATE or DELETE.
  template <typename... Values>
  void run(const Values&... values) {
    bind_all(values...);
    finish();
  }
  // Begins a SELECT: then `while (next())` read the columns, numbered from 0.
  template <typename... Values>
  void query(const Values&... values) {
    bind_all(values...);
  }
  [[nodiscard]] bool next();
  int columns() const;
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;

 private:
  template <typename... Values>
  void bind_all(const Values&... values) {
    reset();
    [[maybe_unused]] int index = 0;
    (bind(++index, values), ...);
  }
  void reset();
  void finish();
  void bind(int index, std::int64_t value);
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, std::uint32_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
  void bind(int index, std::nullopt_t null);
  template <typename T>
  void bind(int index, const std::optional<T>& value) {
    if (value)
      bind(index, *value);
    else
      bind(index, std::nullopt);
  }

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace wcam
