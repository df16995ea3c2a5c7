// Reads datasets of tests/golden/*.h5 with the plain C library: independent of the store under test.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace wcam::test {

// The memory type HDF5 converts to.
inline hid_t native_type(float) { return H5T_NATIVE_FLOAT; }
inline hid_t native_type(double) { return H5T_NATIVE_DOUBLE; }
inline hid_t native_type(unsigned char) { return H5T_NATIVE_UCHAR; }
inline hid_t native_type(std::int64_t) { return H5T_NATIVE_INT64; }

// All values of a dataset, row-major.
template <typename T>
std::vector<T> read_golden(const std::filesystem::path& file, const std::string& dataset) {
  const hid_t opened = H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t data = opened < 0 ? -1 : H5Dopen2(opened, dataset.c_str(), H5P_DEFAULT);
  const hid_t space = data < 0 ? -1 : H5Dget_space(data);
  if (space < 0) throw std::runtime_error("cannot open " + file.string() + ":" + dataset);
  std::vector<T> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  const bool sound = H5Dread(data, native_type(T{}), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0;
  H5Sclose(space);
  H5Dclose(data);
  H5Fclose(opened);
  if (!sound) throw std::runtime_error("cannot read " + file.string() + ":" + dataset);
  return values;
}

}  // namespace wcam::test
