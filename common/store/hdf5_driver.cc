#include "common/store/hdf5_driver.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <vector>

namespace wcam::h5 {

namespace {

struct DriverInfo {
  WriteFault* fault;
};

// Bytes that belong at `address` and are not on the disk.
struct Kept {
  haddr_t address;
  std::vector<unsigned char> bytes;
};

struct ForgivingFile : H5FD_t {
  int fd = -1;
  haddr_t end_of_addresses = 0, end_of_file = 0;
  WriteFault* fault = nullptr;
  std::vector<Kept> kept;  // in the order of writing; few, for the caller stops at the first fault

  void note(int error) const {
    if (fault->error == 0) fault->error = error;
  }
};

ForgivingFile& of(H5FD_t* file) { return *static_cast<ForgivingFile*>(file); }
const ForgivingFile& of(const H5FD_t* file) { return *static_cast<const ForgivingFile*>(file); }

H5FD_t* open_file(const char* name, unsigned, hid_t access, haddr_t) {
  const auto* info = static_cast<const DriverInfo*>(H5Pget_driver_info(access));
  if (info == nullptr) return nullptr;
  const int fd = ::open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    info->fault->error = errno;
    return nullptr;
  }
  auto* file = new ForgivingFile{};
  file->fd = fd;
  file->fault = info->fault;
  return file;
}

herr_t close_file(H5FD_t* base) {
  ForgivingFile& file = of(base);
  if (::close(file.fd) != 0) file.note(errno);
  delete &file;
  return 0;
}

herr_t query(const H5FD_t*, unsigned long* flags) {
  // As HDF5's own driver for files.
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA_WRITE |
           H5FD_FEAT_ACCUMULATE_METADATA_READ | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA |
           H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t get_end_of_addresses(const H5FD_t* file, H5FD_mem_t) { return of(file).end_of_addresses; }
herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  of(file).end_of_addresses = address;
  return 0;
}
haddr_t get_end_of_file(const H5FD_t* file, H5FD_mem_t) { return of(file).end_of_file; }

// Whole or errno. Reading beyond the end gives zeros, as HDF5 expects.
int read_fully(int fd, haddr_t address, std::size_t size, unsigned char* to) {
  while (size > 0) {
    const ssize_t got = ::pread(fd, to, size, static_cast<off_t>(address));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) {
      std::memset(to, 0, size);
      return 0;
    }
    to += got;
    address += static_cast<haddr_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return 0;
}

int write_fully(int fd, haddr_t address, std::size_t size, const unsigned char* from) {
  while (size > 0) {
    const ssize_t put = ::pwrite(fd, from, size, static_cast<off_t>(address));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    from += put;
    address += static_cast<haddr_t>(put);
    size -= static_cast<std::size_t>(put);
  }
  return 0;
}

herr_t read_bytes(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, void* buffer) {
  const ForgivingFile& file = of(base);
  auto* to = static_cast<unsigned char*>(buffer);
  if (const int error = read_fully(file.fd, address, size, to); error != 0) {
    file.note(error);
    return -1;
  }
  for (const Kept& piece : file.kept) {
    const haddr_t begin = std::max(address, piece.address);
    const haddr_t end = std::min(address + size, piece.address + piece.bytes.size());
    if (begin < end)
      std::memcpy(to + (begin - address), piece.bytes.data() + (begin - piece.address), end - begin);
  }
  return 0;
}

herr_t write_bytes(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, const void* buffer) {
  ForgivingFile& file = of(base);
  const auto* from = static_cast<const unsigned char*>(buffer);
  if (file.fault->error == 0) file.note(write_fully(file.fd, address, size, from));
  if (file.fault->error != 0) file.kept.push_back({address, {from, from + size}});
  file.end_of_file = std::max<haddr_t>(file.end_of_file, address + size);
  return 0;
}

herr_t truncate_file(H5FD_t* base, hid_t, hbool_t) {
  ForgivingFile& file = of(base);
  if (file.end_of_addresses == file.end_of_file) return 0;
  if (::ftruncate(file.fd, static_cast<off_t>(file.end_of_addresses)) != 0) file.note(errno);
  file.end_of_file = file.end_of_addresses;
  return 0;
}

H5FD_class_t describe() {
  H5FD_class_t driver{};
  driver.name = "wcam_forgiving";
  driver.maxaddr = static_cast<haddr_t>(std::numeric_limits<off_t>::max());
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(DriverInfo);
  driver.open = open_file;
  driver.close = close_file;
  driver.query = query;
  driver.get_eoa = get_end_of_addresses;
  driver.set_eoa = set_end_of_addresses;
  driver.get_eof = get_end_of_file;
  driver.read = read_bytes;
  driver.write = write_bytes;
  driver.truncate = truncate_file;
  const H5FD_mem_t map[] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(map), std::end(map), driver.fl_map);
  return driver;
}

}  // namespace

herr_t use_forgiving_driver(hid_t access, WriteFault& fault) {
  // HDF5 keeps the description's address and unregisters the driver itself when the process ends.
  static const H5FD_class_t description = describe();
  static const hid_t driver = H5FDregister(&description);
  const DriverInfo info{&fault};
  return H5Pset_driver(access, driver, &info);
}

}  // namespace wcam::h5
