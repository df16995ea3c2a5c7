#include "common/store/hdf5.h"

#include <hdf5.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "common/base/error.h"
#include "common/store/hdf5_driver.h"

namespace wcam::h5 {

namespace {

static_assert(std::is_same_v<hid_t, std::int64_t>, "the header spells hid_t as std::int64_t");

// HDF5 prints its error stack to stderr unless told not to, and its thread-safe build asks each thread.
void keep_quiet() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

// Entries come from the call that failed first to the one we made: the first knows why.
herr_t take_first(unsigned depth, const H5E_error2_t* entry, void* out) {
  if (depth == 0 && entry->desc != nullptr) *static_cast<std::string*>(out) = entry->desc;
  return 0;
}

// What lies between `before` and `after`; empty when either is missing.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto start = text.find(before);
  if (start == std::string::npos) return "";
  const auto stop = text.find(after, start + before.size());
  return stop == std::string::npos ? "" : text.substr(start + before.size(), stop - start - before.size());
}

// HDF5's own words where they are clear, ours where they are not.
std::string reason() {
  std::string first;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &first);
  H5Eclear2(H5E_DEFAULT);
  if (auto system = between(first, "error message = '", "'"); !system.empty()) return system;
  if (first.find("file signature") != std::string::npos) return "not an HDF5 file";
  if (first.rfind("truncated file", 0) == 0)
    return "cut short: " + between(first, "eof = ", ",") + " bytes are there, " +
           first.substr(first.rfind(' ') + 1) + " were written";
  std::replace(first.begin(), first.end(), '\n', ' ');
  return first.empty() ? "HDF5 gives no reason" : first;
}

// Closes what it holds. Only ids whose closing writes nothing to disk: a failure there is of no consequence.
class Id {
 public:
  explicit Id(hid_t id) : id_(id) {}
  ~Id() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  operator hid_t() const { return id_; }  // NOLINT: an id is what every call wants

 private:
  hid_t id_;
};

hid_t text_type(std::size_t bytes) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, bytes);
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLTERM);
  return type;
}

// Little-endian on disk; HDF5 converts on other machines.
hid_t file_type(Type type) {
  switch (type.kind) {
    case Kind::kUint8:
      return H5Tcopy(H5T_STD_U8LE);
    case Kind::kUint32:
      return H5Tcopy(H5T_STD_U32LE);
    case Kind::kUint64:
      return H5Tcopy(H5T_STD_U64LE);
    case Kind::kInt64:
      return H5Tcopy(H5T_STD_I64LE);
    case Kind::kFloat32:
      return H5Tcopy(H5T_IEEE_F32LE);
    case Kind::kFloat64:
      return H5Tcopy(H5T_IEEE_F64LE);
    case Kind::kText:
      return text_type(type.bytes);
  }
  invariant_broken("h5::Kind out of range");
}

hid_t memory_type(Type type) {
  switch (type.kind) {
    case Kind::kUint8:
      return H5Tcopy(H5T_NATIVE_UINT8);
    case Kind::kUint32:
      return H5Tcopy(H5T_NATIVE_UINT32);
    case Kind::kUint64:
      return H5Tcopy(H5T_NATIVE_UINT64);
    case Kind::kInt64:
      return H5Tcopy(H5T_NATIVE_INT64);
    case Kind::kFloat32:
      return H5Tcopy(H5T_NATIVE_FLOAT);
    case Kind::kFloat64:
      return H5Tcopy(H5T_NATIVE_DOUBLE);
    case Kind::kText:
      return text_type(type.bytes);
  }
  invariant_broken("h5::Kind out of range");
}

Type integer_type(hid_t type) {
  const std::size_t bytes = H5Tget_size(type);
  if (H5Tget_sign(type) != H5T_SGN_NONE) return {Kind::kInt64, bytes};
  return {bytes == 1 ? Kind::kUint8 : bytes <= 4 ? Kind::kUint32 : Kind::kUint64, bytes};
}

// What our own padding needs to hold any value of the type; 0 when its width is not fixed.
std::size_t text_bytes(hid_t type, std::size_t bytes) {
  if (H5Tis_variable_str(type) > 0) return 0;
  return H5Tget_strpad(type) == H5T_STR_NULLTERM ? bytes : bytes + 1;
}

// nullopt-like: bytes 0 when we have no name for it.
Type described(hid_t type) {
  const std::size_t bytes = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return integer_type(type);
    case H5T_FLOAT:
      return {bytes == 8 ? Kind::kFloat64 : Kind::kFloat32, bytes};
    case H5T_STRING:
      return {Kind::kText, text_bytes(type, bytes)};
    default:
      return {};
  }
}

void throw_write_fault(const WriteFault& fault, const std::string& path) {
  if (fault.error != 0) throw InputError("cannot write " + path + ": " + std::strerror(fault.error));
}

bool is_integer(Kind kind) {
  return kind == Kind::kUint8 || kind == Kind::kUint32 || kind == Kind::kUint64 || kind == Kind::kInt64;
}
bool is_float(Kind kind) { return kind == Kind::kFloat32 || kind == Kind::kFloat64; }

}  // namespace

// ---------------------------------------------------------------------------------------------- Dataset

Dataset::Dataset(std::int64_t id, const std::string& file, std::string name, const WriteFault& fault)
    : id_(id), file_(file), name_(std::move(name)), fault_(fault) {
  const Id space(H5Dget_space(id_)), type(H5Dget_type(id_));
  const int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
  if (rank < 0 || type < 0) fail("open");
  dims_.resize(static_cast<std::size_t>(rank));
  std::vector<hsize_t> dims(dims_.size());
  if (H5Sget_simple_extent_dims(space, dims.data(), nullptr) < 0) fail("open");
  std::copy(dims.begin(), dims.end(), dims_.begin());
  type_ = described(type);
  if (type_.bytes == 0)
    throw InputError(file_ + ": " + name_ + " is neither integers, floats nor text of a fixed width");
  refuse_absurd_size();
}

// A damaged file may claim more rows than memory holds. What lies contiguously says twice how large it is; of
// chunks, each holds at most its share of what compression at its best (1,032 to 1) makes of the bytes
// stored.
void Dataset::refuse_absurd_size() const {
  const Id creation(H5Dget_create_plist(id_)), type(H5Dget_type(id_));
  const double stored = static_cast<double>(H5Dget_storage_size(id_));
  const bool contiguous = H5Pget_layout(creation) == H5D_CONTIGUOUS;
  double claimed = static_cast<double>(H5Tget_size(type));
  for (const std::uint64_t dim : dims_) claimed *= static_cast<double>(dim);
  constexpr double kNotYetWritten = 1U << 26U;  // bytes: chunks that exist only as fill values
  if (claimed > (contiguous ? stored : stored * 1032) + kNotYetWritten)
    throw InputError(file_ + ": " + name_ + " claims " + std::to_string(rows()) + " rows, but only " +
                     std::to_string(static_cast<std::uint64_t>(stored)) + " bytes are stored: damaged");
}

Dataset::~Dataset() { H5Dclose(id_); }

void Dataset::fail(const std::string& act) const {
  throw InputError(file_ + ": cannot " + act + " " + name_ + ": " + reason());
}

std::size_t Dataset::row_elements() const {
  std::size_t elements = 1;
  for (std::size_t i = 1; i < dims_.size(); ++i) elements *= static_cast<std::size_t>(dims_[i]);
  return elements;
}

void Dataset::refuse_unlike(Type memory) const {
  const bool numbers = type_.kind != Kind::kText;
  if (is_integer(memory.kind) && !is_integer(type_.kind))
    throw InputError(file_ + ": " + name_ + " holds " + (numbers ? "floats" : "text") + ", not integers");
  if (is_float(memory.kind) && !numbers) throw InputError(file_ + ": " + name_ + " holds text, not numbers");
  if (memory.kind == Kind::kText && numbers)
    throw InputError(file_ + ": " + name_ + " holds numbers, not text");
  if (memory.kind == Kind::kText && memory.bytes < type_.bytes)
    throw InputError(file_ + ": " + name_ + " is text of " + std::to_string(type_.bytes) +
                     " bytes, at most " + std::to_string(memory.bytes) + " expected");
}

namespace {

// Rows [first, first + count) of a dataset's space, and memory for as many.
struct Rows {
  Rows(hid_t dataset, const Dims& dims, std::uint64_t first, std::uint64_t count)
      : file(H5Dget_space(dataset)), memory(-1) {
    std::vector<hsize_t> start(dims.size(), 0), extent(dims.begin(), dims.end());
    if (dims.empty()) {
      memory = H5Screate(H5S_SCALAR);
      ok = file >= 0 && memory >= 0;
      return;
    }
    start[0] = first;
    extent[0] = count;
    memory = H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr);
    // A hyperslab of no elements is an error to HDF5 1.10, and nothing to us.
    const bool nothing = std::find(extent.begin(), extent.end(), 0) != extent.end();
    ok = file >= 0 && memory >= 0 &&
         (nothing ? H5Sselect_none(file) >= 0 && H5Sselect_none(memory) >= 0
                  : H5Sselect_hyperslab(file, H5S_SELECT_SET, start.data(), nullptr, extent.data(),
                                        nullptr) >= 0);
  }
  ~Rows() {
    if (file >= 0) H5Sclose(file);
    if (memory >= 0) H5Sclose(memory);
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  hid_t file, memory;
  bool ok = false;
};

}  // namespace

void Dataset::read(std::uint64_t first, std::uint64_t count, Type memory, void* out) const {
  refuse_unlike(memory);
  if (first > rows() || count > rows() - first)
    throw std::out_of_range(file_ + ": rows " + std::to_string(first) + " to " +
                            std::to_string(first + count) + " of " + name_ + ", which has " +
                            std::to_string(rows()));
  const Rows selection(id_, dims_, first, count);
  const Id type(memory_type(memory));
  if (!selection.ok || H5Dread(id_, type, selection.memory, selection.file, H5P_DEFAULT, out) < 0)
    fail("read");
}

std::vector<std::string> Dataset::read_text(std::uint64_t first, std::uint64_t count) const {
  if (type_.kind != Kind::kText) throw InputError(file_ + ": " + name_ + " holds numbers, not text");
  std::vector<std::string> values(static_cast<std::size_t>(count) * row_elements());
  std::string bytes(values.size() * type_.bytes, '\0');
  read(first, count, type_, bytes.data());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = bytes.c_str() + i * type_.bytes;
  return values;
}

void Dataset::write(std::uint64_t first, std::uint64_t count, Type memory, const void* rows) {
  const Rows selection(id_, dims_, first, count);
  const Id type(memory_type(memory));
  if (!selection.ok || H5Dwrite(id_, type, selection.memory, selection.file, H5P_DEFAULT, rows) < 0)
    fail("write");
  throw_write_fault(fault_, file_);
}

namespace {

constexpr const char* kChecksum = "crc32";

// Of zlib, PNG and Python's zlib.crc32: of the bytes as they lie in the file, little-endian.
static_assert(std::endian::native == std::endian::little, "swap the bytes of numbers before they are summed");
std::uint32_t crc32_of(std::uint32_t before, std::string_view bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  return static_cast<std::uint32_t>(::crc32_z(before, data, bytes.size()));
}

}  // namespace

void Dataset::append(std::uint64_t count, Type memory, const void* rows) {
  const std::uint64_t first = dims_.at(0);
  dims_[0] += count;
  const std::vector<hsize_t> extent(dims_.begin(), dims_.end());
  if (H5Dset_extent(id_, extent.data()) < 0) fail("extend");
  write(first, count, memory, rows);
  const std::size_t bytes = static_cast<std::size_t>(count) * row_elements() * memory.bytes;
  appended_sum_ = crc32_of(appended_sum_, {static_cast<const char*>(rows), bytes});
}

void Dataset::write_with_checksum(Type memory, const void* rows) {
  write(0, this->rows(), memory, rows);
  const std::size_t bytes = static_cast<std::size_t>(this->rows()) * row_elements() * type_.bytes;
  write_checksum(crc32_of(0, {static_cast<const char*>(rows), bytes}));
}

void Dataset::write_checksum_of_appended() { write_checksum(appended_sum_); }

void Dataset::write_checksum(std::uint32_t sum) {
  const Id space(H5Screate(H5S_SCALAR));
  const Id attribute(H5Acreate2(id_, kChecksum, H5T_STD_U32LE, space, H5P_DEFAULT, H5P_DEFAULT));
  if (attribute < 0 || H5Awrite(attribute, H5T_NATIVE_UINT32, &sum) < 0) fail("write the checksum of");
}

void Dataset::check_values() const {
  constexpr std::uint64_t kBlock = 4U << 20U;                          // bytes
  const Type memory{type_.kind, H5Tget_size(Id(memory_type(type_)))};  // float16 is read as float32
  const std::uint64_t row = std::max<std::uint64_t>(1, row_elements() * memory.bytes);
  const std::uint64_t step = std::max<std::uint64_t>(1, kBlock / row);
  std::string bytes;
  std::uint32_t sum = 0;
  for (std::uint64_t first = 0; first < rows(); first += step) {
    const std::uint64_t count = std::min(step, rows() - first);
    bytes.resize(count * row);
    read(first, count, memory, bytes.data());
    sum = crc32_of(sum, bytes);
  }
  if (!has_checksum()) return;
  std::uint32_t expected = 0;
  const Id attribute(H5Aopen(id_, kChecksum, H5P_DEFAULT));
  if (attribute < 0 || H5Aread(attribute, H5T_NATIVE_UINT32, &expected) < 0) fail("read the checksum of");
  if (sum != expected)
    throw InputError(file_ + ": " + name_ + " is damaged: its values have CRC-32 " + std::to_string(sum) +
                     ", written were values with " + std::to_string(expected));
}

bool Dataset::has_checksum() const { return H5Aexists(id_, kChecksum) > 0; }

// ---------------------------------------------------------------------------------------------- File

struct File::Impl {
  hid_t id = -1;
  std::string path;
  bool writing = false;
  // Where the driver puts things (hdf5_driver.h), by kind of file.
  WriteFault fault;
  std::string bytes;
  // Before the file in destruction: closing it would close them too.
  std::map<std::string, std::unique_ptr<Dataset>> datasets;

  ~Impl() {
    datasets.clear();
    if (id >= 0) H5Fclose(id);
  }
};

File::File(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
File::~File() = default;
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;

void File::fail(const std::string& act) const {
  throw InputError(impl_->path + ": cannot " + act + ": " + reason());
}

namespace {

hid_t access() {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_file_locking(access, false, true);
  // Closing the file closes what is still open in it, such as a dataset that was refused.
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  return access;
}

// The format of HDF5 1.8 has checksums on its metadata; in the one before, a damaged attribute crashes the
// library.
hid_t access_to_create() {
  const hid_t plist = access();
  H5Pset_libver_bounds(plist, H5F_LIBVER_V18, H5F_LIBVER_V18);
  return plist;
}

}  // namespace

File File::open(const std::filesystem::path& path) {
  keep_quiet();
  auto impl = std::make_unique<Impl>();
  impl->path = path.string();
  const Id plist(access());
  impl->id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, plist);
  if (impl->id < 0) throw InputError("cannot read " + path.string() + ": " + reason());
  return File(std::move(impl));
}

File File::create(const std::filesystem::path& path, const std::filesystem::path& name) {
  keep_quiet();
  auto impl = std::make_unique<Impl>();
  impl->path = name.string();
  impl->writing = true;
  const Id plist(access_to_create());
  if (write_to_disk(plist, impl->fault) >= 0)
    impl->id = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, plist);
  if (impl->id < 0)
    throw InputError("cannot create " + name.string() + ": " +
                     (impl->fault.error != 0 ? std::strerror(impl->fault.error) : reason()));
  return File(std::move(impl));
}

File File::create_in_memory(const std::filesystem::path& name) {
  keep_quiet();
  auto impl = std::make_unique<Impl>();
  impl->path = name.string();
  impl->writing = true;
  const Id plist(access_to_create());
  if (write_to_memory(plist, impl->bytes) >= 0)
    impl->id = H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, plist);
  if (impl->id < 0) throw InputError("cannot create " + name.string() + " in memory: " + reason());
  return File(std::move(impl));
}

const std::string& File::path() const { return impl_->path; }

bool File::has(const std::string& object) const {
  // H5Lexists fails, rather than says no, when a group on the way is missing.
  for (std::size_t end = 0; end != std::string::npos;) {
    end = object.find('/', end + 1);
    if (H5Lexists(impl_->id, object.substr(0, end).c_str(), H5P_DEFAULT) <= 0) {
      H5Eclear2(H5E_DEFAULT);
      return false;
    }
  }
  return true;
}

std::size_t File::members(const std::string& group) const {
  H5G_info_t info{};
  if (H5Gget_info_by_name(impl_->id, group.c_str(), &info, H5P_DEFAULT) < 0)
    throw InputError(impl_->path + ": cannot read the group " + group + ": " + reason());
  return info.nlinks;
}

Dataset& File::dataset(const std::string& name) {
  if (const auto known = impl_->datasets.find(name); known != impl_->datasets.end()) return *known->second;
  if (!has(name)) throw InputError(impl_->path + ": no dataset " + name);
  const hid_t id = H5Dopen2(impl_->id, name.c_str(), H5P_DEFAULT);
  if (id < 0) fail("open " + name);
  std::unique_ptr<Dataset> opened(new Dataset(id, impl_->path, name, impl_->fault));
  return *(impl_->datasets[name] = std::move(opened));
}

namespace {

// Fixed dimensions, or rows without limit. HDF5 wants chunks of at least one element in each direction.
hid_t dataset_space(const Dims& dims, const Layout& layout) {
  const std::vector<hsize_t> extent(dims.begin(), dims.end());
  std::vector<hsize_t> limit = extent;
  if (layout.chunk_rows > 0) {
    std::replace(limit.begin(), limit.end(), hsize_t{0}, H5S_UNLIMITED);
    limit.at(0) = H5S_UNLIMITED;
  }
  return H5Screate_simple(static_cast<int>(extent.size()), extent.data(), limit.data());
}

hid_t dataset_creation(const Dims& dims, const Layout& layout) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  if (layout.chunk_rows > 0) {
    std::vector<hsize_t> chunk(dims.begin(), dims.end());
    std::replace(chunk.begin(), chunk.end(), hsize_t{0}, hsize_t{1});
    chunk.at(0) = layout.chunk_rows;
    H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
    if (layout.gzip > 0) H5Pset_deflate(creation, layout.gzip);
    H5Pset_fletcher32(creation);
  }
  return creation;
}

}  // namespace

Dataset& File::create_dataset(const std::string& name, Type type, const Dims& dims, const Layout& layout) {
  const Id links(H5Pcreate(H5P_LINK_CREATE)), space(dataset_space(dims, layout));
  const Id creation(dataset_creation(dims, layout)), stored(file_type(type));
  H5Pset_create_intermediate_group(links, 1);
  const hid_t id = H5Dcreate2(impl_->id, name.c_str(), stored, space, links, creation, H5P_DEFAULT);
  if (id < 0) fail("create " + name);
  std::unique_ptr<Dataset> created(new Dataset(id, impl_->path, name, impl_->fault));
  return *(impl_->datasets[name] = std::move(created));
}

void File::write_text(const std::string& name, const std::string& text) {
  const FixedText value = fixed_text(std::span(&text, 1));
  create_dataset(name, value.type, {}).write(0, 1, value.type, value.bytes.data());
}

std::string File::read_text(const std::string& name) { return dataset(name).read_text(0, 1).front(); }

void File::set_attribute(const std::string& name, const std::string& text) {
  const FixedText value = fixed_text(std::span(&text, 1));
  const Id type(text_type(value.type.bytes)), space(H5Screate(H5S_SCALAR));
  const Id attribute(H5Acreate2(impl_->id, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
  if (attribute < 0 || H5Awrite(attribute, type, value.bytes.data()) < 0) fail("write attribute " + name);
}

void File::set_attribute(const std::string& name, std::int64_t number) {
  const Id space(H5Screate(H5S_SCALAR));
  const Id attribute(H5Acreate2(impl_->id, name.c_str(), H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT));
  if (attribute < 0 || H5Awrite(attribute, H5T_NATIVE_INT64, &number) < 0) fail("write attribute " + name);
}

bool File::has_attribute(const std::string& name) const { return H5Aexists(impl_->id, name.c_str()) > 0; }

namespace {

bool holds_one(hid_t attribute) {
  const Id space(H5Aget_space(attribute));
  return H5Sget_simple_extent_npoints(space) == 1;
}

}  // namespace

std::string File::text_attribute(const std::string& name) const {
  if (!has_attribute(name)) throw InputError(impl_->path + ": no attribute " + name);
  const Id attribute(H5Aopen(impl_->id, name.c_str(), H5P_DEFAULT));
  if (attribute < 0) fail("read attribute " + name);
  const Id stored(H5Aget_type(attribute));
  if (H5Tget_class(stored) != H5T_STRING || !holds_one(attribute))
    throw InputError(impl_->path + ": attribute " + name + " is not one text");
  if (H5Tis_variable_str(stored) > 0)  // where it lies, damage makes HDF5 1.10 crash or search for ever
    throw InputError(impl_->path + ": attribute " + name +
                     " is text of variable length: write it with a fixed width (h5py: numpy.bytes_)");
  std::string text(H5Tget_size(stored) + 1, '\0');
  const Id type(text_type(text.size()));
  H5Tset_cset(type, H5Tget_cset(stored));
  if (H5Aread(attribute, type, text.data()) < 0) fail("read attribute " + name);
  text.resize(std::strlen(text.c_str()));
  return text;
}

std::int64_t File::integer_attribute(const std::string& name) const {
  if (!has_attribute(name)) throw InputError(impl_->path + ": no attribute " + name);
  const Id attribute(H5Aopen(impl_->id, name.c_str(), H5P_DEFAULT));
  if (attribute < 0) fail("read attribute " + name);
  const Id stored(H5Aget_type(attribute));
  if (H5Tget_class(stored) != H5T_INTEGER || !holds_one(attribute))
    throw InputError(impl_->path + ": attribute " + name + " is not one integer");
  std::int64_t number = 0;
  if (H5Aread(attribute, H5T_NATIVE_INT64, &number) < 0) fail("read attribute " + name);
  return number;
}

std::string File::close_into_memory() {
  close();
  return std::move(impl_->bytes);
}

void File::close() {
  if (impl_->writing && H5Fflush(impl_->id, H5F_SCOPE_GLOBAL) < 0) fail("write");
  impl_->datasets.clear();
  const herr_t closed = H5Fclose(impl_->id);
  impl_->id = -1;
  throw_write_fault(impl_->fault, impl_->path);
  if (closed < 0) fail("close");
}

FixedText fixed_text(std::span<const std::string> values) {
  std::size_t longest = 0;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  FixedText text{text_of(longest), {}};
  text.bytes.assign(values.size() * text.type.bytes, '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i].copy(text.bytes.data() + i * text.type.bytes, values[i].size());
  return text;
}

}  // namespace wcam::h5
