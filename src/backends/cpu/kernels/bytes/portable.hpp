// Bytes in and out of the vectors of simd/portable.hpp. The contract below holds for every level of
// this folder; a kernel file includes exactly one of them, before what is built on it.
//
//   load_i8(p), load_u8(p)        kLanes bytes, widened to integers
//   store_bytes(x, p)             the low byte of each lane of x, of I32[n]: n * kLanes bytes; n is 1 or 4
//   Codes(signed or not, zero, low, high)
//     .store(x, p)                what store_bytes does of min(max(x + zero, low), high), for |x| below 2^30
//   look_up(table, src, dst, i, n) dst[k] = table[src[k]] for k from i on, 256 entries; the first k it left
//   out, n at
//                               most
//   Bytes16                       16 bytes; set1(x), load(p), store(p), largest<signed or not>(a, b)
#pragma once

#include "backends/cpu/kernels/simd/portable.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tenon::cpu::simd {
namespace {

TENON_SIMD I32 load_i8(const void* p) {
  const auto* from = static_cast<const std::int8_t*>(p);
  return {I32::Reg{from[0], from[1], from[2], from[3]}};
}
TENON_SIMD I32 load_u8(const void* p) {
  const auto* from = static_cast<const std::uint8_t*>(p);
  return {I32::Reg{from[0], from[1], from[2], from[3]}};
}

template <int Count>
TENON_SIMD void store_bytes(const I32 (&x)[Count], void* p) {
  auto* to = static_cast<std::uint8_t*>(p);
  for (int v = 0; v < Count; ++v) {
    for (int i = 0; i < I32::kLanes; ++i) to[v * I32::kLanes + i] = static_cast<std::uint8_t>(x[v].r[i]);
  }
}

struct Codes {
  std::int32_t zero, low, high;

  Codes(bool, std::int32_t zero_, std::int32_t low_, std::int32_t high_)
      : zero(zero_), low(low_), high(high_) {}
  template <int Count>
  TENON_SIMD void store(const I32 (&x)[Count], void* p) const {
    I32 codes[Count];
    for (int v = 0; v < Count; ++v) {
      for (int i = 0; i < I32::kLanes; ++i) {
        const std::int32_t code = x[v].r[i] + zero;
        codes[v].r[i] = code < low ? low : code > high ? high : code;
      }
    }
    store_bytes(codes, p);
  }
};

struct Bytes16 {
  using Reg [[gnu::vector_size(16)]] = std::uint8_t;
  Reg r;

  static TENON_SIMD Bytes16 set1(std::uint8_t x) { return {Reg{} + x}; }
  static TENON_SIMD Bytes16 load(const void* p) {
    Bytes16 v;
    std::memcpy(&v.r, p, sizeof v.r);
    return v;
  }
  TENON_SIMD void store(void* p) const { std::memcpy(p, &r, sizeof r); }
};

template <bool Signed>
TENON_SIMD Bytes16 largest(Bytes16 a, Bytes16 b) {
  constexpr std::uint8_t kFlip = Signed ? 0x80 : 0;
  for (int i = 0; i < 16; ++i) a.r[i] = (a.r[i] ^ kFlip) > (b.r[i] ^ kFlip) ? a.r[i] : b.r[i];
  return a;
}

TENON_SIMD std::ptrdiff_t look_up(const std::uint8_t* table, const std::uint8_t* src, std::uint8_t* dst,
                                  std::ptrdiff_t i, std::ptrdiff_t n) {
  for (; i < n; ++i) dst[i] = table[src[i]];
  return i;
}

}  // namespace
}  // namespace tenon::cpu::simd
