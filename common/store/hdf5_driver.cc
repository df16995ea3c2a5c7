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

// Of our drivers: beyond those that HDF5 keeps for itself and gives out. No file says which driver wrote it.
constexpr int kNumbers = 40'000;

// One of the two.
struct DriverInfo {
  WriteFault* fault = nullptr;
  std::string* memory = nullptr;
};

// Bytes that belong at `address` and are not on the disk.
struct Kept {
  haddr_t address;
  std::vector<unsigned char> bytes;
};

// What both kinds of file share.
struct OwnFile : H5FD_t {
  haddr_t end_of_addresses = 0, end_of_file = 0;
};

struct DiskFile : OwnFile {
  int fd = -1;
  WriteFault* fault = nullptr;
  std::vector<Kept> kept;  // in the order of writing; few, for the caller stops at the first fault

  void note(int error) const {
    if (fault->error == 0) fault->error = error;
  }
};

struct MemoryFile : OwnFile {
  std::string* bytes = nullptr;
};

DiskFile& on_disk(H5FD_t* file) { return *static_cast<DiskFile*>(file); }
MemoryFile& in_memory(H5FD_t* file) { return *static_cast<MemoryFile*>(file); }

herr_t query(const H5FD_t*, unsigned long* flags) {
  // As HDF5's own driver for files.
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA_WRITE |
           H5FD_FEAT_ACCUMULATE_METADATA_READ | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA |
           H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t get_end_of_addresses(const H5FD_t* file, H5FD_mem_t) {
  return static_cast<const OwnFile*>(file)->end_of_addresses;
}
herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  static_cast<OwnFile*>(file)->end_of_addresses = address;
  return 0;
}
haddr_t get_end_of_file(const H5FD_t* file, H5FD_mem_t) {
  return static_cast<const OwnFile*>(file)->end_of_file;
}

// ---------------------------------------------------------------------------------------------- disk

H5FD_t* open_on_disk(const char* name, unsigned, hid_t access, haddr_t) {
  const auto* info = static_cast<const DriverInfo*>(H5Pget_driver_info(access));
  if (info == nullptr) return nullptr;
  const int fd = ::open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    info->fault->error = errno;
    return nullptr;
  }
  auto* file = new DiskFile{};
  file->fd = fd;
  file->fault = info->fault;
  return file;
}

herr_t close_on_disk(H5FD_t* base) {
  DiskFile& file = on_disk(base);
  if (::close(file.fd) != 0) file.note(errno);
  delete &file;
  return 0;
}

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

herr_t read_from_disk(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, void* buffer) {
  const DiskFile& file = on_disk(base);
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

herr_t write_on_disk(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, const void* buffer) {
  DiskFile& file = on_disk(base);
  const auto* from = static_cast<const unsigned char*>(buffer);
  if (file.fault->error == 0) file.note(write_fully(file.fd, address, size, from));
  if (file.fault->error != 0) file.kept.push_back({address, {from, from + size}});
  file.end_of_file = std::max<haddr_t>(file.end_of_file, address + size);
  return 0;
}

herr_t truncate_on_disk(H5FD_t* base, hid_t, hbool_t) {
  DiskFile& file = on_disk(base);
  if (file.end_of_addresses == file.end_of_file) return 0;
  if (::ftruncate(file.fd, static_cast<off_t>(file.end_of_addresses)) != 0) file.note(errno);
  file.end_of_file = file.end_of_addresses;
  return 0;
}

// ---------------------------------------------------------------------------------------------- memory

H5FD_t* open_in_memory(const char*, unsigned, hid_t access, haddr_t) {
  const auto* info = static_cast<const DriverInfo*>(H5Pget_driver_info(access));
  if (info == nullptr) return nullptr;
  auto* file = new MemoryFile{};
  file->bytes = info->memory;
  file->bytes->clear();
  return file;
}

herr_t close_in_memory(H5FD_t* base) {
  delete &in_memory(base);
  return 0;
}

herr_t read_from_memory(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, void* buffer) {
  const std::string& bytes = *in_memory(base).bytes;
  const std::size_t there = address < bytes.size() ? std::min(size, bytes.size() - address) : 0;
  if (there > 0) std::memcpy(buffer, bytes.data() + address, there);
  std::memset(static_cast<unsigned char*>(buffer) + there, 0, size - there);
  return 0;
}

herr_t write_in_memory(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, std::size_t size,
                       const void* buffer) {
  MemoryFile& file = in_memory(base);
  if (address + size > file.bytes->size()) file.bytes->resize(address + size);
  std::memcpy(file.bytes->data() + address, buffer, size);
  file.end_of_file = file.bytes->size();
  return 0;
}

herr_t truncate_in_memory(H5FD_t* base, hid_t, hbool_t) {
  MemoryFile& file = in_memory(base);
  file.bytes->resize(file.end_of_addresses);
  file.end_of_file = file.end_of_addresses;
  return 0;
}

// ---------------------------------------------------------------------------------------------- description

H5FD_class_t describe(const char* name, [[maybe_unused]] int number) {
  H5FD_class_t driver{};
#ifdef H5FD_CLASS_VERSION  // since HDF5 1.14
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(number);
#endif
  driver.name = name;
  driver.maxaddr = static_cast<haddr_t>(std::numeric_limits<off_t>::max());
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(DriverInfo);
  driver.query = query;
  driver.get_eoa = get_end_of_addresses;
  driver.set_eoa = set_end_of_addresses;
  driver.get_eof = get_end_of_file;
  const H5FD_mem_t map[] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(map), std::end(map), driver.fl_map);
  return driver;
}

H5FD_class_t describe_disk() {
  H5FD_class_t driver = describe("wcam_disk", kNumbers);
  driver.open = open_on_disk;
  driver.close = close_on_disk;
  driver.read = read_from_disk;
  driver.write = write_on_disk;
  driver.truncate = truncate_on_disk;
  return driver;
}

H5FD_class_t describe_memory() {
  H5FD_class_t driver = describe("wcam_memory", kNumbers + 1);
  driver.open = open_in_memory;
  driver.close = close_in_memory;
  driver.read = read_from_memory;
  driver.write = write_in_memory;
  driver.truncate = truncate_in_memory;
  return driver;
}

}  // namespace

herr_t write_to_disk(hid_t access, WriteFault& fault) {
  static const H5FD_class_t driver = describe_disk();
  static const hid_t id = H5FDregister(&driver);  // unregistered by HDF5 itself, when the process ends
  const DriverInfo info{.fault = &fault};
  return H5Pset_driver(access, id, &info);
}

herr_t write_to_memory(hid_t access, std::string& bytes) {
  static const H5FD_class_t driver = describe_memory();
  static const hid_t id = H5FDregister(&driver);
  const DriverInfo info{.memory = &bytes};
  return H5Pset_driver(access, id, &info);
}

}  // namespace wcam::h5
