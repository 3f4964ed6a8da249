#include "ops/cast.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/pointwise_function.hpp"
#include "backends/ref/registry.hpp"

#include <charconv>
#include <string>

namespace tenon {
namespace ref {
namespace {

std::string float_to_text(double value, bool is_double) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "INF" : "-INF";
  return is_double ? fmt::format("{}", value) : fmt::format("{}", static_cast<float>(value));
}

// The whole text as a number of type V; a leading '+' is allowed.
template <class V>
V parse_number(std::string_view text) {
  const std::string_view digits = text.substr(!text.empty() && text.front() == '+' ? 1 : 0);
  V value{};
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  TENON_REQUIRE(result.ec == std::errc() && result.ptr == digits.data() + digits.size(),
                "cast: '{}' is not a number", text);
  return value;
}

void cast_from_string(const Tensor& x, Tensor& out) {
  const auto text = elements<std::string>(x);
  if (out.dtype() == DataType::f32) {
    const auto y = mutable_elements<float>(out);
    for (std::size_t i = 0; i < text.size(); ++i) y[i] = parse_number<float>(text[i]);
  } else if (out.dtype() == DataType::u64) {
    const auto y = mutable_elements<std::uint64_t>(out);
    for (std::size_t i = 0; i < text.size(); ++i) y[i] = parse_number<std::uint64_t>(text[i]);
  } else if (is_floating_point(out.dtype())) {
    std::vector<double> values;
    for (const std::string& s : text) values.push_back(parse_number<double>(s));
    store_doubles(values, out);
  } else {
    std::vector<std::int64_t> values;
    for (const std::string& s : text) values.push_back(parse_number<std::int64_t>(s));
    store_integers(values, out);
  }
}

void cast_to_string(const Tensor& x, Tensor& out) {
  const auto y = mutable_elements<std::string>(out);
  if (is_floating_point(x.dtype())) {
    const std::vector<double> values = to_doubles(x);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = float_to_text(values[i], x.dtype() == DataType::f64);
  } else if (x.dtype() == DataType::boolean) {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = elements<bool>(x)[i] ? "True" : "False";
  } else {
    const std::vector<std::int64_t> values = to_integers(x);
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = x.dtype() == DataType::u64 ? fmt::format("{}", static_cast<std::uint64_t>(values[i]))
                                        : fmt::format("{}", values[i]);
    }
  }
}

// Towards zero, clamped to 64 bits; NaN gives 0. A target of u64 has the upper half as well.
std::int64_t truncate(double value, bool to_u64) {
  constexpr double kTwo63 = 9223372036854775808.0;
  if (std::isnan(value)) return 0;
  if (to_u64 && value >= kTwo63)
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(std::min(value, kTwo63 * 2 - 2048)));
  if (value >= kTwo63) return std::numeric_limits<std::int64_t>::max();
  if (value <= -kTwo63) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

void cast_float_to_integer(const Tensor& x, Tensor& out) {
  const std::vector<double> values = to_doubles(x);
  std::vector<std::int64_t> integers;
  integers.reserve(values.size());
  for (const double value : values) integers.push_back(truncate(value, out.dtype() == DataType::u64));
  store_integers(integers, out);
}

void cast_to_e8m0(const Tensor& x, Tensor& out, bool saturate, op::ScaleRounding rounding) {
  using Rounding = float8_e8m0::Rounding;
  const Rounding mode = rounding == op::ScaleRounding::up     ? Rounding::up
                        : rounding == op::ScaleRounding::down ? Rounding::down
                                                              : Rounding::nearest;
  const std::vector<double> values = to_doubles(x);
  const auto y = mutable_elements<float8_e8m0>(out);
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = float8_e8m0(round_to_odd(values[i]), saturate ? Overflow::saturate : Overflow::to_infinity, mode);
  }
}

// 64-bit integers to f32 and f64 are rounded once.
void cast_integer_to_float(const Tensor& x, Tensor& out, Overflow overflow) {
  if (bit_width(x.dtype()) < 64 || (out.dtype() != DataType::f32 && out.dtype() != DataType::f64)) {
    return store_doubles(to_doubles(x), out, overflow);
  }
  dispatch_integer(x.dtype(), [&](auto tag) {
    const auto from = elements<typename decltype(tag)::type>(x);
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (out.dtype() == DataType::f32) {
        mutable_elements<float>(out)[i] = static_cast<float>(from[i]);
      } else {
        mutable_elements<double>(out)[i] = static_cast<double>(from[i]);
      }
    }
  });
}

void run_cast(const Op& op, const Call& call) {
  const auto& cast = *op.as<op::Cast>();
  cast_tensor(call.in(0), call.out(), cast.saturate, cast.rounding);
}

}  // namespace

void cast_tensor(const Tensor& x, Tensor& out, bool saturate, op::ScaleRounding rounding) {
  const DataType from = x.dtype();
  const DataType to = out.dtype();
  const Overflow overflow = saturate && bit_width(to) <= 8 ? Overflow::saturate : Overflow::to_infinity;
  if (from == to) {
    out = x.clone();
  } else if (from == DataType::string) {
    cast_from_string(x, out);
  } else if (to == DataType::string) {
    cast_to_string(x, out);
  } else if (to == DataType::f8e8m0) {
    cast_to_e8m0(x, out, saturate, rounding);
  } else if (is_floating_point(from) && is_integer(to)) {
    cast_float_to_integer(x, out);
  } else if (is_floating_point(from)) {
    store_doubles(to_doubles(x), out, overflow);
  } else if (is_floating_point(to)) {
    cast_integer_to_float(x, out, overflow);
  } else {
    store_integers(to_integers(x), out);
  }
}

}  // namespace ref

void register_ref_cast(ref::Registry& registry) { registry.add("cast", ref::run_cast); }

}  // namespace tenon
