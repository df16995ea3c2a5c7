#pragma once

// Before a function: it is compiled for the widest vectors too, and the program takes what the machine has
// when it starts. Lanes are independent sums, so with fused multiply-add off the result is the same for every
// choice. (The sanitizers cannot be up yet when the choice is made.)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define WCAM_WIDEST __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define WCAM_WIDEST
#endif
