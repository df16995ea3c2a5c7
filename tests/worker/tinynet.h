// The small classifier of tests/golden, from its stored weights: no TorchScript needed.
#pragma once

#include <ATen/core/Tensor.h>

#include "worker/wcam/wcam.h"

namespace wcam::test {

// conv 3->8 k7 s4 p3, relu, conv 8->16 k3 s2 p1, relu, conv 16->32 k3 s2 p1, relu, average pool to 7 x 7,
// linear to 10. Normalises with ImageNet's mean and standard deviation.
Classifier tinynet();

// Image 0 or 1 of tests/golden/wcam.h5, 224 x 224: a cat's face, a cup of coffee.
RgbImage golden_image(std::size_t index);

}  // namespace wcam::test
