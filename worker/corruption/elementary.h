// exp, sin and cos from basic arithmetic, which IEEE 754 rounds alike on every machine: the last bit of a
// libm's depends on its version and on what the processor has, and can move a pixel by a grey level.
#pragma once

namespace wcam {

// exp(-x), 0 <= x <= 512, correctly rounded (but in one of 2^40 cases), so that it is what NumPy gives too.
double exp_of_minus(double x);

// Where an angle points. |degrees| <= 180; each within 1e-15.
struct Direction {
  double cosine = 1, sine = 0;
};
Direction direction(double degrees);

}  // namespace wcam
