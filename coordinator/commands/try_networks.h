// Whether a new sweep's networks can be used at all, before anything is made for it.
#pragma once

#include "common/study/plan.h"

namespace wcam {

// Has wcam-worker load each network on this host's processor, where that program is beside ours, and try it
// as workers do. Throws InputError with what it says of one that cannot be used: no TorchScript, a list of
// class names of another length, in training mode, ... What only this processor, or too little memory, keeps
// from running is left to the workers.
void try_networks(const Plan& plan);

}  // namespace wcam
