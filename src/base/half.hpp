// The small floating-point types, as values: storage, and conversion from and to float.
//
//   type             exponent  mantissa  bias  largest    infinity  NaN             negative zero
//   float16             5        10       15   65504      yes       many            yes
//   bfloat16            8         7      127   3.39e38    yes       many            yes
//   float8_e4m3fn       4         3        7   448        no        0x7F, 0xFF      yes
//   float8_e4m3fnuz     4         3        8   240        no        0x80            no
//   float8_e5m2         5         2       15   57344      yes       0x7D-7F, FD-FF  yes
//   float8_e5m2fnuz     5         2       16   57344      no        0x80            no
//   float8_e8m0         8         0      127   2^127      no        0xFF            (no sign, no zero)
//
// Conversion from float rounds to nearest, ties to even. What is too large becomes infinity (NaN where there
// is none), or with Overflow::saturate, an infinity included, the largest finite value; NaN stays NaN. To
// float is exact.
#pragma once

#include <tenon/data_type.hpp>

#include <bit>
#include <cstdint>

namespace tenon {

enum class Overflow { to_infinity, saturate };

namespace detail {

// kSingleNan: the only NaN is the pattern of negative zero ("fnuz").
template <int kExponentBitsV, int kMantissaBitsV, int kBiasV, bool kHasInfinityV, bool kSingleNanV>
struct MiniFloat {
  static constexpr int kMantissaBits = kMantissaBitsV;
  static constexpr int kBias = kBiasV;
  static constexpr std::uint32_t kSign = 1u << (kExponentBitsV + kMantissaBitsV);
  static constexpr std::uint32_t kTopExponent = ((1u << kExponentBitsV) - 1) << kMantissaBitsV;
  static constexpr std::uint32_t kMantissaMask = (1u << kMantissaBitsV) - 1;
  // With infinity the whole top exponent is taken; without, only its last pattern, or with a single NaN none
  // at all.
  static constexpr std::uint32_t kLargest = kHasInfinityV ? kTopExponent - 1
                                            : kSingleNanV ? (kTopExponent | kMantissaMask)
                                                          : (kTopExponent | kMantissaMask) - 1;

  static constexpr std::uint32_t encode(float value, Overflow overflow) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 31) != 0 ? kSign : 0;
    const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u) return nan(sign, magnitude);

    // value = significand * 2^(exponent - 23), where a normal number has bit 23 set
    const std::uint32_t field = magnitude >> 23;
    const std::uint32_t significand = (magnitude & 0x7FFFFFu) | (field != 0 ? 0x800000u : 0u);
    const int exponent = (field != 0 ? static_cast<int>(field) : 1) - 127;
    int target = exponent + kBias;
    int shift = 23 - kMantissaBits;
    if (target < 1) {
      shift += 1 - target;
      target = 1;
    }
    std::uint32_t code = 0;
    if (shift < 25) {  // beyond, even the largest significand is below half of the smallest result
      const std::uint32_t floor = significand >> shift;
      const std::uint32_t rest = significand - (floor << shift);
      const std::uint32_t half = 1u << (shift - 1);
      const bool up = rest > half || (rest == half && (floor & 1u) != 0);
      // The implicit bit, and a carry out of the mantissa, add to the exponent.
      code = (static_cast<std::uint32_t>(target - 1) << kMantissaBits) + floor + (up ? 1u : 0u);
    }
    if (code > kLargest) {
      if (overflow == Overflow::saturate) return sign | kLargest;
      return kHasInfinityV ? (sign | kTopExponent) : nan(sign, 0x7FC00000u);
    }
    return code == 0 && kSingleNanV ? 0 : (sign | code);
  }

  static constexpr float decode(std::uint32_t code) noexcept {
    const std::uint32_t magnitude = code & (kSign - 1);
    const std::uint32_t sign = (code & kSign) != 0 ? 0x80000000u : 0;
    const std::uint32_t mantissa = (magnitude & kMantissaMask) << (23 - kMantissaBits);
    if (kSingleNanV ? code == kSign : magnitude > kLargest) {
      const bool infinite = kHasInfinityV && magnitude == kTopExponent;
      return std::bit_cast<float>(sign | 0x7F800000u | mantissa | (infinite ? 0u : 0x400000u));
    }
    const std::uint32_t field = magnitude >> kMantissaBits;
    if (field == 0) {
      constexpr auto kUnit =
          std::bit_cast<float>(static_cast<std::uint32_t>(1 - kBias - kMantissaBits + 127) << 23);
      const float value = static_cast<float>(magnitude) * kUnit;
      return sign != 0 ? -value : value;
    }
    return std::bit_cast<float>(sign | ((field + 127u - static_cast<std::uint32_t>(kBias)) << 23) | mantissa);
  }

 private:
  // Quiet, with the upper bits of the payload where the format has room for one.
  static constexpr std::uint32_t nan(std::uint32_t sign, std::uint32_t magnitude) noexcept {
    if constexpr (kSingleNanV) return kSign;
    if constexpr (!kHasInfinityV) return sign | kTopExponent | kMantissaMask;
    return sign | kTopExponent | (1u << (kMantissaBits - 1)) |
           ((magnitude & 0x7FFFFFu) >> (23 - kMantissaBits));
  }
};

}  // namespace detail

struct float16 {
  std::uint16_t bits = 0;

  constexpr float16() noexcept = default;
  constexpr explicit float16(float value, Overflow overflow = Overflow::to_infinity) noexcept
      : bits(static_cast<std::uint16_t>(Format::encode(value, overflow))) {}
  static constexpr float16 from_bits(std::uint16_t code) noexcept;
  constexpr explicit operator float() const noexcept { return Format::decode(bits); }

 private:
  using Format = detail::MiniFloat<5, 10, 15, true, false>;
};

struct bfloat16 {
  std::uint16_t bits = 0;

  constexpr bfloat16() noexcept = default;
  constexpr explicit bfloat16(float value, Overflow overflow = Overflow::to_infinity) noexcept
      : bits(encode(value, overflow)) {}
  static constexpr bfloat16 from_bits(std::uint16_t code) noexcept;
  constexpr explicit operator float() const noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }

 private:
  static constexpr std::uint16_t encode(float value, Overflow overflow) noexcept {
    const auto word = std::bit_cast<std::uint32_t>(value);
    if ((word & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<std::uint16_t>((word >> 16) | 0x40u);
    const std::uint32_t rounded = (word + 0x7FFFu + ((word >> 16) & 1u)) >> 16;
    if (overflow == Overflow::saturate && (rounded & 0x7FFFu) == 0x7F80u) {
      return static_cast<std::uint16_t>((rounded & 0x8000u) | 0x7F7Fu);
    }
    return static_cast<std::uint16_t>(rounded);
  }
};

template <class FormatV>
struct Float8 {
  std::uint8_t bits = 0;

  constexpr Float8() noexcept = default;
  constexpr explicit Float8(float value, Overflow overflow = Overflow::to_infinity) noexcept
      : bits(static_cast<std::uint8_t>(FormatV::encode(value, overflow))) {}
  static constexpr Float8 from_bits(std::uint8_t code) noexcept {
    Float8 result;
    result.bits = code;
    return result;
  }
  constexpr explicit operator float() const noexcept { return FormatV::decode(bits); }
};

using float8_e4m3fn = Float8<detail::MiniFloat<4, 3, 7, false, false>>;
using float8_e4m3fnuz = Float8<detail::MiniFloat<4, 3, 8, false, true>>;
using float8_e5m2 = Float8<detail::MiniFloat<5, 2, 15, true, false>>;
using float8_e5m2fnuz = Float8<detail::MiniFloat<5, 2, 16, false, true>>;

// A power of two, 2^(bits - 127): a scale. Zero becomes the smallest, 2^-127; negative numbers and NaN become
// NaN. A tie (1.5 times a power of two) goes up.
struct float8_e8m0 {
  enum class Rounding { nearest, up, down };

  std::uint8_t bits = 0;

  constexpr float8_e8m0() noexcept = default;
  constexpr explicit float8_e8m0(float value, Overflow overflow = Overflow::to_infinity,
                                 Rounding rounding = Rounding::nearest) noexcept
      : bits(encode(value, overflow, rounding)) {}
  static constexpr float8_e8m0 from_bits(std::uint8_t code) noexcept {
    float8_e8m0 result;
    result.bits = code;
    return result;
  }
  constexpr explicit operator float() const noexcept {
    if (bits == 0xFF) return std::bit_cast<float>(0x7FC00000u);
    return std::bit_cast<float>(bits == 0 ? 0x00400000u : static_cast<std::uint32_t>(bits) << 23);
  }

 private:
  static constexpr std::uint8_t encode(float value, Overflow overflow, Rounding rounding) noexcept {
    constexpr std::uint8_t kNan = 0xFF;
    constexpr std::uint32_t kLargest = 0xFE;
    const auto word = std::bit_cast<std::uint32_t>(value);
    if ((word & 0x7FFFFFFFu) > 0x7F800000u) return kNan;
    if ((word >> 31) != 0 && word != 0x80000000u) return kNan;
    if (word == 0x80000000u) return 0;
    std::uint32_t code = word >> 23;
    if (code == 0) {
      // Subnormal: 2^-127 is the pattern 0x400000, and the smallest value there is; 2^-126 follows.
      const bool up = (rounding == Rounding::up && word > 0x400000u) ||
                      (rounding == Rounding::nearest && word >= 0x600000u);
      return up ? 1 : 0;
    }
    const std::uint32_t mantissa = word & 0x7FFFFFu;
    if (code <= kLargest && ((rounding == Rounding::up && mantissa != 0) ||
                             (rounding == Rounding::nearest && mantissa >= 0x400000u))) {
      ++code;
    }
    if (code > kLargest) return overflow == Overflow::saturate ? static_cast<std::uint8_t>(kLargest) : kNan;
    return static_cast<std::uint8_t>(code);
  }
};

constexpr float16 float16::from_bits(std::uint16_t code) noexcept {
  float16 result;
  result.bits = code;
  return result;
}

constexpr bfloat16 bfloat16::from_bits(std::uint16_t code) noexcept {
  bfloat16 result;
  result.bits = code;
  return result;
}

static_assert(sizeof(float16) == 2 && sizeof(bfloat16) == 2 && sizeof(float8_e4m3fn) == 1 &&
              sizeof(float8_e8m0) == 1);

// What <tenon/tensor.hpp> leaves to this header.
template <class T>
struct DataTypeOf;
template <>
struct DataTypeOf<float16> {
  static constexpr DataType value = DataType::f16;
};
template <>
struct DataTypeOf<bfloat16> {
  static constexpr DataType value = DataType::bf16;
};
template <>
struct DataTypeOf<float8_e4m3fn> {
  static constexpr DataType value = DataType::f8e4m3fn;
};
template <>
struct DataTypeOf<float8_e4m3fnuz> {
  static constexpr DataType value = DataType::f8e4m3fnuz;
};
template <>
struct DataTypeOf<float8_e5m2> {
  static constexpr DataType value = DataType::f8e5m2;
};
template <>
struct DataTypeOf<float8_e5m2fnuz> {
  static constexpr DataType value = DataType::f8e5m2fnuz;
};
template <>
struct DataTypeOf<float8_e8m0> {
  static constexpr DataType value = DataType::f8e8m0;
};

}  // namespace tenon
