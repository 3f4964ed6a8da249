// What ops/gates.hpp wants of a vector type. Include after exactly one level.
#pragma once

#include "ops/gates.hpp"

namespace tenon::cpu::simd {
namespace {

TENON_SIMD F32 power_of_two(F32 n) { return bits_to_float(shift_left<23>(to_int(n) + I32::set1(127))); }

}  // namespace
}  // namespace tenon::cpu::simd
