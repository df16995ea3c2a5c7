// Faults of a job's input that decide what becomes of the job and the worker.
#pragma once

#include "common/error.h"

namespace wcam {

// Something that every job needs is missing here, a case's file, a folder of images or a device that computes
// right: this worker had better leave than fail job after job.
class CannotServe : public InputError {
 public:
  using InputError::InputError;
};

// The image cannot be used, as opposed to what is done with it: no attempt will help.
class BadImage : public InputError {
 public:
  using InputError::InputError;
};

}  // namespace wcam
