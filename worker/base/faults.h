// Faults of a job's input that decide what becomes of the job and the worker.
#pragma once

#include <stdexcept>

#include "common/base/error.h"

namespace wcam {

// Something that every job needs is missing here, a case's file, a folder of images or a device that computes
// right: this worker had better leave than fail job after job. Another in its place would fare no better.
class CannotServe : public InputError {
 public:
  using InputError::InputError;
};

// The device has computed right and does so no more, since a job has failed: what a GPU answers after an
// illegal access, for one. Another process in this one's place may fare better.
class DeviceFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The image cannot be used, as opposed to what is done with it: no attempt will help.
class BadImage : public InputError {
 public:
  using InputError::InputError;
};

}  // namespace wcam
