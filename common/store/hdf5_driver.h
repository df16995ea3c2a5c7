// Where HDF5's bytes go while a file is written. HDF5 does not survive a disk that is full: closing the file
// then fails, half of it stays behind, and the process crashes at exit. So this driver never reports a failed
// write. It remembers the reason, keeps in memory what could not be written, so that HDF5 goes on to a clean
// close, and the caller asks for the reason after each step and throws the file away. Part of the wrapper
// (hdf5.h), and used by it alone.
#pragma once

#include <hdf5.h>

namespace wcam::h5 {

struct WriteFault {
  int error = 0;  // errno of the first write, truncation or close that failed
};

// Makes files created with `access` use the driver. `fault` outlives the file.
herr_t use_forgiving_driver(hid_t access, WriteFault& fault);

}  // namespace wcam::h5
