// Typed access for reference kernels: dispatch on the dtype, wide arithmetic types, and whole tensors as
// doubles or i64.
//
// Floats are computed in double and rounded once, to nearest even, when stored; integers are computed in 64
// bits and stored modulo 2^bits.
#pragma once

#include "base/check.hpp"
#include "base/half.hpp"

#include <tenon/tensor.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon::ref {

template <class T>
struct Tag {
  using type = T;
};

template <class T>
inline constexpr bool kIsFloat =
    std::is_floating_point_v<T> || std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>;

// What elements of type T are computed in.
template <class T>
using Wide = std::conditional_t<kIsFloat<T>, double,
                                std::conditional_t<std::is_unsigned_v<T>, std::uint64_t, std::int64_t>>;

// The float nearest to `value`, except that what is not a float becomes the neighbour with an odd last bit:
// rounding that further to a 16- or 8-bit type then gives the same as rounding `value` directly.
float round_to_odd(double value) noexcept;

template <class T>
Wide<T> widen(T value) {
  if constexpr (std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>) {
    return static_cast<double>(static_cast<float>(value));
  } else {
    return static_cast<Wide<T>>(value);
  }
}

template <class T>
T narrow(Wide<T> value) {
  if constexpr (std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>) {
    return T(round_to_odd(value));
  } else {
    return static_cast<T>(value);
  }
}

// Elements as they are stored; T must have the width of the tensor's dtype.
template <class T>
std::span<const T> elements(const Tensor& tensor) {
  return {reinterpret_cast<const T*>(tensor.data()), static_cast<std::size_t>(tensor.elements())};
}
template <class T>
std::span<T> mutable_elements(Tensor& tensor) {
  return {reinterpret_cast<T*>(tensor.mutable_data()), static_cast<std::size_t>(tensor.elements())};
}

[[noreturn]] void throw_undispatched(DataType dtype);

// f(Tag<T>{}) with T float, double, float16 or bfloat16.
template <class F>
decltype(auto) dispatch_float(DataType dtype, F&& f) {
  switch (dtype) {
    case DataType::f32: return f(Tag<float>{});
    case DataType::f64: return f(Tag<double>{});
    case DataType::f16: return f(Tag<float16>{});
    case DataType::bf16: return f(Tag<bfloat16>{});
    default: throw_undispatched(dtype);
  }
}

// f(Tag<T>{}) with T std::int8_t … std::uint64_t.
template <class F>
decltype(auto) dispatch_integer(DataType dtype, F&& f) {
  switch (dtype) {
    case DataType::i8: return f(Tag<std::int8_t>{});
    case DataType::i16: return f(Tag<std::int16_t>{});
    case DataType::i32: return f(Tag<std::int32_t>{});
    case DataType::i64: return f(Tag<std::int64_t>{});
    case DataType::u8: return f(Tag<std::uint8_t>{});
    case DataType::u16: return f(Tag<std::uint16_t>{});
    case DataType::u32: return f(Tag<std::uint32_t>{});
    case DataType::u64: return f(Tag<std::uint64_t>{});
    default: throw_undispatched(dtype);
  }
}

template <class F>
decltype(auto) dispatch_numeric(DataType dtype, F&& f) {
  return is_floating_point(dtype) ? dispatch_float(dtype, std::forward<F>(f))
                                  : dispatch_integer(dtype, std::forward<F>(f));
}

// Any numeric or bool dtype, the packed and 8-bit ones included. 64-bit integers beyond 2^53 are rounded.
std::vector<double> to_doubles(const Tensor& tensor);
// Any integer dtype or bool; u64 is reinterpreted.
std::vector<std::int64_t> to_integers(const Tensor& tensor);

// Floats: rounded to nearest even. Integers: rounded half to even, saturated (NaN gives 0). `overflow`: for
// 8- and 4-bit floats.
void store_doubles(std::span<const double> values, Tensor& out, Overflow overflow = Overflow::to_infinity);
// Modulo 2^bits; bool: not 0.
void store_integers(std::span<const std::int64_t> values, Tensor& out);

// One element of an integer tensor of 2 or 4 bits, packed low bits first.
std::int64_t load_packed(const Tensor& tensor, std::int64_t index);
void store_packed(Tensor& tensor, std::int64_t index, std::int64_t value);

// f4e2m1: the eight magnitudes 0, 0.5, 1, 1.5, 2, 3, 4, 6. Saturates; NaN, which it has
// not, becomes -0 as in ONNX's data.
float decode_f4(unsigned code) noexcept;
unsigned encode_f4(float value) noexcept;

double round_half_even(double value) noexcept;

}  // namespace tenon::ref
