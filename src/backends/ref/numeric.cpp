#include "backends/ref/numeric.hpp"

#include <tenon/error.hpp>

#include <algorithm>
#include <bit>
#include <limits>

namespace tenon::ref {
namespace {

constexpr float kF4Values[8] = {0.0F, 0.5F, 1.0F, 1.5F, 2.0F, 3.0F, 4.0F, 6.0F};

// f(Tag<T>{}) for the 8-bit floats.
template <class F>
void dispatch_f8(DataType dtype, F&& f) {
  switch (dtype) {
    case DataType::f8e4m3fn: return f(Tag<float8_e4m3fn>{});
    case DataType::f8e4m3fnuz: return f(Tag<float8_e4m3fnuz>{});
    case DataType::f8e5m2: return f(Tag<float8_e5m2>{});
    case DataType::f8e5m2fnuz: return f(Tag<float8_e5m2fnuz>{});
    case DataType::f8e8m0: return f(Tag<float8_e8m0>{});
    default: throw_undispatched(dtype);
  }
}

bool is_f8(DataType dtype) { return is_floating_point(dtype) && bit_width(dtype) == 8; }
bool is_packed(DataType dtype) { return is_integer(dtype) && bit_width(dtype) < 8; }

unsigned packed_bits(const Tensor& tensor, std::int64_t index) {
  const int bits = bit_width(tensor.dtype());
  const std::int64_t position = index * bits;
  const auto byte = std::to_integer<unsigned>(tensor.data()[position / 8]);
  return (byte >> (position % 8)) & ((1U << bits) - 1);
}

void set_packed_bits(Tensor& tensor, std::int64_t index, unsigned code) {
  const int bits = bit_width(tensor.dtype());
  const std::int64_t position = index * bits;
  const unsigned mask = ((1U << bits) - 1) << (position % 8);
  std::byte& byte = tensor.mutable_data()[position / 8];
  byte =
      static_cast<std::byte>((std::to_integer<unsigned>(byte) & ~mask) | ((code << (position % 8)) & mask));
}

// Rounds half to even and clamps to [low, high]; NaN gives 0.
template <class T>
T saturate_to(double value, double low, double high) {
  if (std::isnan(value)) return 0;
  const double rounded = round_half_even(value);
  if (rounded <= low) return static_cast<T>(low);
  // 2^63 and 2^64 - 1 are not doubles: compare before converting.
  if (rounded >= high) return high >= 9.2e18 ? std::numeric_limits<T>::max() : static_cast<T>(high);
  return static_cast<T>(rounded);
}

}  // namespace

void throw_undispatched(DataType dtype) {
  throw InternalError(fmt::format("a reference kernel was called with unexpected dtype {}", name(dtype)));
}

double round_half_even(double value) noexcept {
  const double floor = std::floor(value);
  const double rest = value - floor;
  if (rest < 0.5) return std::copysign(floor, value);
  if (rest > 0.5) return std::copysign(floor + 1, value);
  return std::fmod(floor, 2.0) == 0 ? std::copysign(floor, value) : std::copysign(floor + 1, value);
}

float round_to_odd(double value) noexcept {
  const auto nearest = static_cast<float>(value);
  if (!std::isfinite(nearest) || static_cast<double>(nearest) == value) {
    if (std::isinf(nearest) && std::isfinite(value)) {
      return std::copysign(std::numeric_limits<float>::max(), nearest);
    }
    return nearest;
  }
  const auto bits = std::bit_cast<std::uint32_t>(nearest);
  if ((bits & 1U) != 0) return nearest;
  const bool above = static_cast<double>(nearest) > value;
  return std::nextafter(
      nearest, above ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity());
}

float decode_f4(unsigned code) noexcept {
  const float magnitude = kF4Values[code & 7U];
  return (code & 8U) != 0 ? -magnitude : magnitude;
}

unsigned encode_f4(float value) noexcept {
  if (std::isnan(value)) return 8;
  const unsigned sign = std::signbit(value) ? 8U : 0U;
  const float magnitude = std::fabs(value);
  unsigned best = 0;
  for (unsigned code = 1; code < 8; ++code) {
    const float middle = (kF4Values[code - 1] + kF4Values[code]) / 2;
    if (magnitude > middle || (magnitude == middle && code % 2 == 0)) best = code;
  }
  return sign | best;
}

std::int64_t load_packed(const Tensor& tensor, std::int64_t index) {
  const unsigned code = packed_bits(tensor, index);
  const int bits = bit_width(tensor.dtype());
  const bool negative = is_signed(tensor.dtype()) && (code >> (bits - 1)) != 0;
  return static_cast<std::int64_t>(code) - (negative ? std::int64_t{1} << bits : 0);
}

void store_packed(Tensor& tensor, std::int64_t index, std::int64_t value) {
  set_packed_bits(tensor, index, static_cast<unsigned>(value & 0xF));
}

std::vector<double> to_doubles(const Tensor& tensor) {
  const DataType dtype = tensor.dtype();
  std::vector<double> result(static_cast<std::size_t>(tensor.elements()));
  auto fill = [&](auto tag) {
    const auto source = elements<typename decltype(tag)::type>(tensor);
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<double>(widen(source[i]));
  };
  if (dtype == DataType::f4e2m1 || is_packed(dtype)) {
    for (std::size_t i = 0; i < result.size(); ++i) {
      const auto index = static_cast<std::int64_t>(i);
      result[i] = is_packed(dtype) ? static_cast<double>(load_packed(tensor, index))
                                   : decode_f4(packed_bits(tensor, index));
    }
  } else if (is_f8(dtype)) {
    dispatch_f8(dtype, [&](auto tag) {
      const auto source = elements<typename decltype(tag)::type>(tensor);
      for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<float>(source[i]);
    });
  } else if (dtype == DataType::boolean) {
    fill(Tag<std::uint8_t>{});
  } else {
    dispatch_numeric(dtype, fill);
  }
  return result;
}

std::vector<std::int64_t> to_integers(const Tensor& tensor) {
  const DataType dtype = tensor.dtype();
  std::vector<std::int64_t> result(static_cast<std::size_t>(tensor.elements()));
  auto fill = [&](auto tag) {
    const auto source = elements<typename decltype(tag)::type>(tensor);
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<std::int64_t>(source[i]);
  };
  if (is_packed(dtype)) {
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] = load_packed(tensor, static_cast<std::int64_t>(i));
  } else if (dtype == DataType::boolean) {
    fill(Tag<std::uint8_t>{});
  } else {
    dispatch_integer(dtype, fill);
  }
  return result;
}

void store_doubles(std::span<const double> values, Tensor& out, Overflow overflow) {
  const DataType dtype = out.dtype();
  TENON_CHECK(values.size() == static_cast<std::size_t>(out.elements()), "{} values for {} elements",
              values.size(), out.elements());
  if (is_packed(dtype)) {
    const int bits = bit_width(dtype);
    const double low = is_signed(dtype) ? -std::ldexp(1.0, bits - 1) : 0;
    const double high = std::ldexp(1.0, is_signed(dtype) ? bits - 1 : bits) - 1;
    for (std::size_t i = 0; i < values.size(); ++i) {
      store_packed(out, static_cast<std::int64_t>(i), saturate_to<std::int64_t>(values[i], low, high));
    }
  } else if (dtype == DataType::f4e2m1) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      set_packed_bits(out, static_cast<std::int64_t>(i), encode_f4(round_to_odd(values[i])));
    }
  } else if (is_f8(dtype)) {
    dispatch_f8(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const auto target = mutable_elements<T>(out);
      for (std::size_t i = 0; i < values.size(); ++i) target[i] = T(round_to_odd(values[i]), overflow);
    });
  } else if (dtype == DataType::boolean) {
    const auto target = mutable_elements<bool>(out);
    for (std::size_t i = 0; i < values.size(); ++i) target[i] = values[i] != 0;
  } else {
    dispatch_numeric(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const auto target = mutable_elements<T>(out);
      for (std::size_t i = 0; i < values.size(); ++i) {
        if constexpr (kIsFloat<T>) {
          target[i] = narrow<T>(values[i]);
        } else {
          target[i] = saturate_to<T>(values[i], static_cast<double>(std::numeric_limits<T>::lowest()),
                                     static_cast<double>(std::numeric_limits<T>::max()));
        }
      }
    });
  }
}

void store_integers(std::span<const std::int64_t> values, Tensor& out) {
  const DataType dtype = out.dtype();
  TENON_CHECK(values.size() == static_cast<std::size_t>(out.elements()), "{} values for {} elements",
              values.size(), out.elements());
  if (is_packed(dtype)) {
    for (std::size_t i = 0; i < values.size(); ++i)
      store_packed(out, static_cast<std::int64_t>(i), values[i]);
  } else if (dtype == DataType::boolean) {
    const auto target = mutable_elements<bool>(out);
    for (std::size_t i = 0; i < values.size(); ++i) target[i] = values[i] != 0;
  } else {
    dispatch_integer(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const auto target = mutable_elements<T>(out);
      for (std::size_t i = 0; i < values.size(); ++i) target[i] = static_cast<T>(values[i]);
    });
  }
}

}  // namespace tenon::ref
