// Bytes as 16-bit integers, whose products are summed in pairs. Include after bytes/avx2.hpp or
// bytes/avx512.hpp.
#pragma once

#include <cstdint>

namespace tenon::cpu::simd {
namespace {

using Words [[gnu::vector_size(sizeof(I32))]] = std::uint16_t;
using SignedWords [[gnu::vector_size(sizeof(I32))]] = std::int16_t;

TENON_SIMD Words words(I32 x) { return reinterpret_cast<Words>(x.r); }
// Each word's upper byte, with its sign.
TENON_SIMD I32 upper_signed(Words x) {
  return {reinterpret_cast<decltype(I32::r)>(reinterpret_cast<SignedWords>(x) >> 8)};
}

// The bytes of each lane at even and at odd places as 16-bit integers.
TENON_SIMD I32 even_unsigned(I32 bytes) { return bytes & I32::set1(0x00ff00ff); }
TENON_SIMD I32 odd_unsigned(I32 bytes) { return {reinterpret_cast<decltype(I32::r)>(words(bytes) >> 8)}; }
TENON_SIMD I32 even_signed(I32 bytes) { return upper_signed(words(bytes) << 8); }
TENON_SIMD I32 odd_signed(I32 bytes) { return upper_signed(words(bytes)); }

}  // namespace
}  // namespace tenon::cpu::simd
