// The most single-precision multiply-adds that one core does at a level, measured: the yardstick of the
// kernel benchmarks.
#pragma once

#include "base/cpu_info.hpp"

namespace tenon::bench {

// Floating-point operations per second of one thread, two per multiply-add; the best of several short runs,
// measured once.
double peak_flops(Isa level);

}  // namespace tenon::bench
