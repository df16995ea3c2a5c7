#include "coordinator/ledger/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/error.h"

namespace wcam {

namespace {

// A coordinator that was just stopped may still be closing the file.
constexpr int kBusyTimeoutMs = 1'000;

constexpr const char* kRebuild =
    ": the file is damaged or is no ledger; `wcam verify` says what is, `wcam repair` makes it anew from "
    "what "
    "is stored";

std::string remedy(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return ": No space left on device: free space; what was acknowledged is in the ledger";
    case SQLITE_IOERR:
      return ": free space, or check the disk and that you may write in its folder; what was acknowledged is "
             "in the ledger";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return ": may you write this file and in its folder?";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ": the sweep is in use by another process; wait until that one has ended";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return kRebuild;
    default:
      return "";
  }
}

// As SQLite's readers hold it (its os_unix.c): who wants to write waits. Not lost with the next descriptor
// that is closed. Negative: another writes.
int shared_lock(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_start = 0x40000002;
  lock.l_len = 510;
  if (fd < 0 || ::fcntl(fd, F_OFD_SETLK, &lock) == 0) return fd;
  const int reason = errno;
  ::close(fd);
  errno = reason;
  return -1;
}

}  // namespace

DamageError::DamageError(const std::filesystem::path& file, const std::string& what)
    : InputError(file.string() + " holds " + what + kRebuild) {}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close(connection); }

Database::Database(std::filesystem::path file, Access access) : file_(std::move(file)) {
  open(file_.string(),
       access == Access::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (access == Access::kReadOnly) adapt(trial());
}

// What else may be wrong shows when it is used.
int Database::trial() const {
  return sqlite3_exec(connection_.get(), "SELECT count(*) FROM sqlite_master", nullptr, nullptr, nullptr);
}

Database::Copy::Copy(const std::filesystem::path& original, int lock) : lock_(lock), folder_("wcam-ledger") {
  for (const char* part : {"", "-wal"}) {  // the latest may be in the log alone
    std::error_code error;
    std::filesystem::copy_file(original.string() + part, file().string() + part, error);
    if (error && error != std::errc::no_such_file_or_directory)
      throw InputError("cannot copy " + original.string() + part + " to " + folder_.path().string() + ": " +
                       error.message());
  }
}

Database::Copy::~Copy() { ::close(lock_); }

// A reader wants memory to share with others, and a folder to write it in. Without the former it takes the
// file for itself; without the latter it reads a copy, while nobody writes.
void Database::adapt(int code) {
  if (code == SQLITE_IOERR_SHMMAP || code == SQLITE_IOERR_SHMOPEN || code == SQLITE_IOERR_SHMSIZE) {
    open(file_.string(), SQLITE_OPEN_READWRITE);
    execute("PRAGMA locking_mode = EXCLUSIVE");
    std::error_code ignored;
    std::filesystem::remove(file_.string() + "-shm", ignored);  // of the vain attempt
  } else if ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY) {
    const int lock = shared_lock(file_);
    if (lock < 0 && errno != EAGAIN && errno != EACCES)
      throw InputError("cannot read " + file_.string() + " without writing beside it: no lock on it (" +
                       std::strerror(errno) + "): copy the sweep's folder to another file system");
    if (lock < 0) fail(SQLITE_BUSY, "read");
    copy_ = std::make_unique<Copy>(file_, lock);
    open(copy_->file().string(), SQLITE_OPEN_READWRITE);
  }
}

void Database::open(const std::string& name, int flags) {
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &connection, flags, nullptr);
  connection_.reset(connection);
  if (code != SQLITE_OK) fail(code, "open");
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
}

void Database::fail(int code, const std::string& while_doing) const {
  const char* reason = connection_ != nullptr ? sqlite3_errmsg(connection_.get()) : sqlite3_errstr(code);
  const std::string text = "cannot " + while_doing + " " + file_.string() + ": " + reason + remedy(code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw BusyError(text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw DamageError(text);
    default:
      break;
  }
  switch (code) {
    case SQLITE_FULL:
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
      throw NoRoomError(text);
    default:
      throw InputError(text);
  }
}

void Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, "use");
}

std::int64_t Database::query_integer(const std::string& sql) {
  Statement statement = prepare(sql);
  statement.query();
  return statement.next() ? statement.integer(0) : 0;
}

Statement Database::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &statement, nullptr);
  if (code != SQLITE_OK) fail(code, "use");
  return {*this, statement};
}

int Database::changes() const { return sqlite3_changes(connection_.get()); }

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(const Database& database, sqlite3_stmt* statement)
    : database_(&database), statement_(statement) {}

void Statement::reset() { sqlite3_reset(statement_.get()); }

void Statement::finish() {
  const int code = sqlite3_step(statement_.get());
  if (code != SQLITE_DONE) database_->fail(code, "write");
  reset();  // so that no statement stays open across a COMMIT
}

bool Statement::next() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_->fail(code, "read");
  reset();
  return false;
}

void Statement::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_.get(), index, value); code != SQLITE_OK)
    database_->fail(code, "write");
}

void Statement::bind(int index, double value) {
  if (const int code = sqlite3_bind_double(statement_.get(), index, value); code != SQLITE_OK)
    database_->fail(code, "write");
}

void Statement::bind(int index, std::string_view value) {
  // SQLITE_TRANSIENT: SQLite copies, so a parameter may be a temporary. (Its own macro is an old-style cast.)
  const auto copy = reinterpret_cast<sqlite3_destructor_type>(-1);  // NOLINT(performance-no-int-to-ptr)
  const int code =
      sqlite3_bind_text(statement_.get(), index, value.data(), static_cast<int>(value.size()), copy);
  if (code != SQLITE_OK) database_->fail(code, "write");
}

void Statement::bind(int index, std::nullopt_t) {
  if (const int code = sqlite3_bind_null(statement_.get(), index); code != SQLITE_OK)
    database_->fail(code, "write");
}

int Statement::columns() const { return sqlite3_column_count(statement_.get()); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? ""
                          : std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

}  // namespace wcam
