#include "worker/models/blas_kernel.h"

#include <gtest/gtest.h>

namespace wcam {
namespace {

constexpr VectorInstructions kOld{false, false}, kHaswell{true, false}, kSkylake{true, true};

TEST(BlasKernel, OfBeforeAvx2IsReplacedWhereTheProcessorHasIt) {
  for (const char* old : {"Prescott", "Core2", "Nehalem", "Sandybridge", "Barcelona"}) {
    EXPECT_EQ(better_blas_kernel(old, kSkylake), "SkylakeX") << old;
    EXPECT_EQ(better_blas_kernel(old, kHaswell), "Haswell") << old;
    EXPECT_EQ(better_blas_kernel(old, kOld), "") << old;
  }
}

TEST(BlasKernel, ThatFitsOrIsNotKnownStays) {
  for (const char* kernel : {"Haswell", "Zen", "Excavator", "SkylakeX", "Cooperlake", "SapphireRapids",
                             "of a later OpenBLAS", "neoversen1", ""})
    for (const VectorInstructions& processor : {kOld, kHaswell, kSkylake})
      EXPECT_EQ(better_blas_kernel(kernel, processor), "") << kernel;
}

}  // namespace
}  // namespace wcam
