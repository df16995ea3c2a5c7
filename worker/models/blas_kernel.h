// Which of its kernels OpenBLAS multiplies matrices with. It chooses one by the processor when it is loaded,
// and for a processor newer than itself one of 2004: below 16 images a forward then takes three times as long
// (docs/speed.md).
#pragma once

#include <string>
#include <string_view>

namespace wcam {

// As OpenBLAS names it ("Haswell"); empty: another BLAS, or one that does not say.
std::string blas_kernel();

// What a processor, and the system on it, can run of what kernels are written in.
struct VectorInstructions {
  bool avx2_and_fma = false;
  bool avx512 = false;  // F, BW, DQ and VL
};
VectorInstructions vector_instructions();

// The kernel to take in place of `chosen`: empty unless that is one from before AVX2, and the processor has
// it.
std::string better_blas_kernel(std::string_view chosen, const VectorInstructions& processor);

// Call it first in main(), with its argv. Where OpenBLAS has chosen badly and OPENBLAS_CORETYPE does not say
// that it should, sets that variable and starts this program anew in its place; else, or when that fails,
// returns.
void take_better_blas_kernel(char** argv);

}  // namespace wcam
