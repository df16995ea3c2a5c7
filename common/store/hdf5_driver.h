// Where HDF5's bytes go while a file is written: to memory, or to a file on a disk that may be full. HDF5
// does not survive the latter: closing the file then fails, half of it stays behind, and the process crashes
// at exit. So this driver never reports a failed write. It remembers the reason, keeps in memory what could
// not be written, so that HDF5 goes on to a clean close, and the caller asks for the reason after each step
// and throws the file away. Part of the wrapper (hdf5.h), and used by it alone.
#pragma once

#include <hdf5.h>

#include <string>

namespace wcam::h5 {

struct WriteFault {
  int error = 0;  // errno of the first write, truncation or close that failed
};

// Files created with `access` go to disk by this driver. `fault` outlives the file.
herr_t write_to_disk(hid_t access, WriteFault& fault);

// Files created with `access` go to `bytes`, which outlives the file and is whole once that is closed.
// (HDF5's own driver for memory gives its bytes through H5Fget_file_image, whose checksums are wrong in the
// format of 1.8.)
herr_t write_to_memory(hid_t access, std::string& bytes);

}  // namespace wcam::h5
