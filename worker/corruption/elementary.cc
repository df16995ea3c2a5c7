#include "worker/corruption/elementary.h"

#include <cmath>

namespace wcam {

namespace {

// A sum of two numbers, |low| at most half of high's last bit: some 104 bits. T. J. Dekker, Numerische
// Mathematik 18, 1971; std::fma is exact, with or without an instruction for it.
struct Pair {
  double high = 0, low = 0;
};

// |a| >= |b|
Pair sum(double a, double b) {
  const double high = a + b;
  return {high, b - (high - a)};
}

Pair product(const Pair& a, const Pair& b) {
  const double high = a.high * b.high;
  return sum(high, std::fma(a.high, b.high, -high) + (a.high * b.low + a.low * b.high));
}

Pair quotient(const Pair& a, double divisor) {
  const double high = a.high / divisor;
  return sum(high, (std::fma(-high, divisor, a.high) + a.low) / divisor);
}

// |a| <= 1
Pair one_plus(const Pair& a) {
  const Pair high = sum(1, a.high);
  return sum(high.high, high.low + a.low);
}

}  // namespace

// exp(-x / 1024)^1024: Taylor's series needs 25 terms where |-x / 1024| <= 1/2.
double exp_of_minus(double x) {
  const Pair small{-x / 1024, 0};
  Pair power{1, 0};
  for (int k = 25; k >= 1; --k) power = one_plus(quotient(product(power, small), k));
  for (int i = 0; i < 10; ++i) power = product(power, power);
  return power.high;
}

// Taylor's series; its largest term is pi^3 / 6, so it cancels little.
Direction direction(double degrees) {
  const double x = degrees * (M_PI / 180), square = x * x;
  double cosine = 1, sine = 1;
  for (int k = 34; k >= 2; k -= 2) {
    cosine = 1 - cosine * square / (k * (k - 1));
    sine = 1 - sine * square / (k * (k + 1));
  }
  return {cosine, x * sine};
}

}  // namespace wcam
