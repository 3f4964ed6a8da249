#include "backends/ref/pointwise_function.hpp"

#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace tenon::ref {
namespace {

double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

// NaN wins.
double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }

double python_mod(double a, double b) {
  const double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

// Integer arithmetic modulo 2^bits; a division by 0 gives 0.
template <class T>
T divide(T a, T b) {
  if (b == 0) return 0;
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return static_cast<T>(-static_cast<std::uint64_t>(a));
  }
  return static_cast<T>(a / b);
}

template <class T>
T remainder_of(T a, T b, bool sign_of_divisor) {
  if (b == 0) return 0;
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return 0;
    const auto rest = static_cast<T>(a % b);
    return sign_of_divisor && rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
  } else {
    return static_cast<T>(a % b);
  }
}

template <class T>
T integer_power(T base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    if (std::is_signed_v<T> && base == static_cast<T>(-1)) return exponent % 2 == 0 ? T{1} : base;
    return 0;
  }
  std::uint64_t result = 1;
  auto factor = static_cast<std::uint64_t>(base);
  for (auto e = static_cast<std::uint64_t>(exponent); e != 0; e >>= 1) {
    if ((e & 1U) != 0) result *= factor;
    factor *= factor;
  }
  return static_cast<T>(result);
}

template <class T>
T shift(T a, T b, bool left) {
  constexpr auto kBits = static_cast<std::uint64_t>(sizeof(T) * 8);
  const auto count = static_cast<std::uint64_t>(b);
  if (left) return count >= kBits ? T{0} : static_cast<T>(static_cast<std::uint64_t>(a) << count);
  if (count >= kBits) return a < 0 ? static_cast<T>(-1) : T{0};
  return static_cast<T>(a >> count);
}

// Towards zero, clamped to T's range; NaN gives 0.
template <class T>
T saturated(double value) {
  if (std::isnan(value)) return 0;
  if (value <= static_cast<double>(std::numeric_limits<T>::lowest())) return std::numeric_limits<T>::lowest();
  if (value >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

template <class T>
T apply_integer(PointwiseFn fn, double alpha, double beta, T a, T b) {
  const auto ua = static_cast<std::uint64_t>(a);
  const auto ub = static_cast<std::uint64_t>(b);
  switch (fn) {
    case PointwiseFn::add: return static_cast<T>(ua + ub);
    case PointwiseFn::sub: return static_cast<T>(ua - ub);
    case PointwiseFn::mul: return static_cast<T>(ua * ub);
    case PointwiseFn::div: return divide(a, b);
    case PointwiseFn::mod: return remainder_of(a, b, true);
    case PointwiseFn::fmod: return remainder_of(a, b, false);
    case PointwiseFn::pow: return integer_power(a, static_cast<std::int64_t>(b));
    case PointwiseFn::min: return std::min(a, b);
    case PointwiseFn::max: return std::max(a, b);
    case PointwiseFn::prelu: return a < 0 ? static_cast<T>(ua * ub) : a;
    case PointwiseFn::bit_and: return static_cast<T>(ua & ub);
    case PointwiseFn::bit_or: return static_cast<T>(ua | ub);
    case PointwiseFn::bit_xor: return static_cast<T>(ua ^ ub);
    case PointwiseFn::bit_not: return static_cast<T>(~ua);
    case PointwiseFn::shift_left: return shift(a, b, true);
    case PointwiseFn::shift_right: return shift(a, b, false);
    case PointwiseFn::neg: return static_cast<T>(0 - ua);
    case PointwiseFn::abs: return a < 0 ? static_cast<T>(0 - ua) : a;
    case PointwiseFn::sign: return a < 0 ? static_cast<T>(-1) : static_cast<T>(a > 0 ? 1 : 0);
    case PointwiseFn::square: return static_cast<T>(ua * ua);
    case PointwiseFn::relu: return std::max<T>(a, 0);
    case PointwiseFn::clip:
      if (static_cast<double>(a) < alpha) a = saturated<T>(std::ceil(alpha));
      return static_cast<double>(a) > beta ? saturated<T>(std::floor(beta)) : a;
    case PointwiseFn::shrink:
      if (static_cast<double>(a) < -alpha) return saturated<T>(static_cast<double>(a) + beta);
      return static_cast<double>(a) > alpha ? saturated<T>(static_cast<double>(a) - beta) : T{0};
    default: break;
  }
  TENON_UNREACHABLE("{} on integers", info(fn).name);
}

template <class V>
bool compare(PointwiseFn fn, const V& a, const V& b) {
  switch (fn) {
    case PointwiseFn::equal: return a == b;
    case PointwiseFn::less: return a < b;
    case PointwiseFn::less_equal: return a <= b;
    case PointwiseFn::greater: return a > b;
    case PointwiseFn::greater_equal: return a >= b;
    default: break;
  }
  TENON_UNREACHABLE("{} is no comparison", info(fn).name);
}

bool logic(PointwiseFn fn, bool a, bool b) {
  switch (fn) {
    case PointwiseFn::logical_and: return a && b;
    case PointwiseFn::logical_or: return a || b;
    case PointwiseFn::logical_xor: return a != b;
    case PointwiseFn::logical_not: return !a;
    case PointwiseFn::equal: return a == b;
    default: break;
  }
  TENON_UNREACHABLE("{} on bool", info(fn).name);
}

bool classify(PointwiseFn fn, double alpha, double beta, double x) {
  if (fn == PointwiseFn::is_nan) return std::isnan(x);
  return std::isinf(x) && (x > 0 ? beta != 0 : alpha != 0);
}

// Visits every output element with the offsets of the operands' elements: f(output, offsets).
template <class F>
void for_each_element(std::span<const Tensor> operands, const Tensor& out, F&& f) {
  std::vector<std::vector<std::int64_t>> strides;
  for (const Tensor& operand : operands) strides.push_back(broadcast_strides(operand.shape(), out.shape()));
  std::int64_t position = 0;
  std::int64_t offsets[3] = {0, 0, 0};
  for_each_index(out.shape(), [&](std::span<const std::int64_t> index) {
    for (std::size_t i = 0; i < operands.size(); ++i) offsets[i] = dot(index, strides[i]);
    f(static_cast<std::size_t>(position++), offsets);
  });
}

template <class T>
void apply_predicate(PointwiseFn fn, double alpha, double beta, std::span<const Tensor> operands,
                     Tensor& out) {
  const auto a = elements<T>(operands.front());
  const auto b = elements<T>(operands.back());
  const auto y = mutable_elements<bool>(out);
  for_each_element(operands, out, [&](std::size_t i, const std::int64_t* at) {
    const auto& first = a[static_cast<std::size_t>(at[0])];
    const auto& second = b[static_cast<std::size_t>(at[operands.size() - 1])];
    if constexpr (std::is_same_v<T, bool>) {
      y[i] = logic(fn, first, second);
    } else if constexpr (kIsFloat<T>) {
      y[i] = operands.size() == 1 ? classify(fn, alpha, beta, widen(first))
                                  : compare(fn, widen(first), widen(second));
    } else {
      y[i] = compare(fn, first, second);
    }
  });
}

template <class T>
void apply_same(PointwiseFn fn, double alpha, double beta, std::span<const Tensor> operands, Tensor& out) {
  const auto a = elements<T>(operands.front());
  const auto b = elements<T>(operands.back());
  const auto y = mutable_elements<T>(out);
  for_each_element(operands, out, [&](std::size_t i, const std::int64_t* at) {
    const T first = a[static_cast<std::size_t>(at[0])];
    const T second = b[static_cast<std::size_t>(at[operands.size() - 1])];
    if constexpr (kIsFloat<T>) {
      y[i] = narrow<T>(apply_float(fn, alpha, beta, widen(first), widen(second)));
    } else {
      y[i] = apply_integer<T>(fn, alpha, beta, first, second);
    }
  });
}

// The exponent has a dtype of its own.
void apply_power(std::span<const Tensor> operands, Tensor& out) {
  const Tensor& exponent = operands[1];
  dispatch_numeric(out.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const auto base = elements<T>(operands[0]);
    const auto y = mutable_elements<T>(out);
    if constexpr (!kIsFloat<T>) {
      if (is_integer(exponent.dtype())) {
        const std::vector<std::int64_t> e = to_integers(exponent);
        for_each_element(operands, out, [&](std::size_t i, const std::int64_t* at) {
          y[i] = integer_power(base[static_cast<std::size_t>(at[0])], e[static_cast<std::size_t>(at[1])]);
        });
        return;
      }
    }
    const std::vector<double> e = to_doubles(exponent);
    for_each_element(operands, out, [&](std::size_t i, const std::int64_t* at) {
      const double power = std::pow(static_cast<double>(widen(base[static_cast<std::size_t>(at[0])])),
                                    e[static_cast<std::size_t>(at[1])]);
      if constexpr (kIsFloat<T>) {
        y[i] = narrow<T>(power);
      } else {
        const bool fits = power > -9.2e18 && power < 9.2e18;
        y[i] = fits ? static_cast<T>(static_cast<std::int64_t>(power)) : T{0};
      }
    });
  });
}

void apply_where(std::span<const Tensor> operands, Tensor& out) {
  const auto condition = elements<bool>(operands[0]);
  auto select = [&](auto&& copy) {
    for_each_element(operands, out, [&](std::size_t i, const std::int64_t* at) {
      const int side = condition[static_cast<std::size_t>(at[0])] ? 1 : 2;
      copy(i, operands[static_cast<std::size_t>(side)], static_cast<std::size_t>(at[side]));
    });
  };
  const int bits = bit_width(out.dtype());
  if (out.dtype() == DataType::string) {
    const auto y = mutable_elements<std::string>(out);
    select([&](std::size_t i, const Tensor& from, std::size_t j) { y[i] = elements<std::string>(from)[j]; });
  } else if (bits < 8) {
    select([&](std::size_t i, const Tensor& from, std::size_t j) {
      store_packed(out, static_cast<std::int64_t>(i), load_packed(from, static_cast<std::int64_t>(j)));
    });
  } else {
    const auto width = static_cast<std::size_t>(bits / 8);
    select([&](std::size_t i, const Tensor& from, std::size_t j) {
      std::memcpy(out.mutable_data() + i * width, from.data() + j * width, width);
    });
  }
}

}  // namespace

double apply_float(PointwiseFn fn, double alpha, double beta, double a, double b) {
  switch (fn) {
    case PointwiseFn::add: return a + b;
    case PointwiseFn::sub: return a - b;
    case PointwiseFn::mul: return a * b;
    case PointwiseFn::div: return a / b;
    case PointwiseFn::mod: return python_mod(a, b);
    case PointwiseFn::fmod: return std::fmod(a, b);
    case PointwiseFn::pow: return std::pow(a, b);
    case PointwiseFn::min: return std::isnan(b) ? b : smaller(a, b);
    case PointwiseFn::max: return std::isnan(b) ? b : larger(a, b);
    case PointwiseFn::prelu: return a < 0 ? a * b : a;
    case PointwiseFn::neg: return -a;
    case PointwiseFn::abs: return std::fabs(a);
    case PointwiseFn::sign: return a > 0 ? 1 : a < 0 ? -1 : a;
    case PointwiseFn::reciprocal: return 1 / a;
    case PointwiseFn::sqrt: return std::sqrt(a);
    case PointwiseFn::square: return a * a;
    case PointwiseFn::exp: return std::exp(a);
    case PointwiseFn::log: return std::log(a);
    case PointwiseFn::erf: return std::erf(a);
    case PointwiseFn::floor: return std::floor(a);
    case PointwiseFn::ceil: return std::ceil(a);
    case PointwiseFn::round: return round_half_even(a);
    case PointwiseFn::sin: return std::sin(a);
    case PointwiseFn::cos: return std::cos(a);
    case PointwiseFn::tan: return std::tan(a);
    case PointwiseFn::asin: return std::asin(a);
    case PointwiseFn::acos: return std::acos(a);
    case PointwiseFn::atan: return std::atan(a);
    case PointwiseFn::sinh: return std::sinh(a);
    case PointwiseFn::cosh: return std::cosh(a);
    case PointwiseFn::tanh: return std::tanh(a);
    case PointwiseFn::asinh: return std::asinh(a);
    case PointwiseFn::acosh: return std::acosh(a);
    case PointwiseFn::atanh: return std::atanh(a);
    case PointwiseFn::relu: return larger(a, 0);
    case PointwiseFn::clip: return smaller(larger(a, alpha), beta);
    case PointwiseFn::leaky_relu: return a < 0 ? alpha * a : a;
    case PointwiseFn::thresholded_relu: return a > alpha ? a : std::isnan(a) ? a : 0;
    case PointwiseFn::elu: return a < 0 ? alpha * std::expm1(a) : a;
    case PointwiseFn::celu: return a < 0 ? alpha * std::expm1(a / alpha) : a;
    case PointwiseFn::selu: return beta * (a < 0 ? alpha * std::expm1(a) : a);
    case PointwiseFn::sigmoid: return sigmoid(a);
    case PointwiseFn::hard_sigmoid: return smaller(larger(alpha * a + beta, 0), 1);
    case PointwiseFn::hard_swish: return a * smaller(larger(a / 6 + 0.5, 0), 1);
    case PointwiseFn::silu: return a * sigmoid(alpha * a);
    case PointwiseFn::mish: return a * std::tanh(softplus(a));
    case PointwiseFn::softplus: return softplus(a);
    case PointwiseFn::softsign: return a / (1 + std::fabs(a));
    case PointwiseFn::shrink: return a < -alpha ? a + beta : a > alpha ? a - beta : std::isnan(a) ? a : 0;
    case PointwiseFn::gelu: return 0.5 * a * (1 + std::erf(a / std::sqrt(2.0)));
    case PointwiseFn::gelu_tanh: {
      const double kSqrtTwoOverPi = 0.79788456080286535588;
      return 0.5 * a * (1 + std::tanh(kSqrtTwoOverPi * (a + 0.044715 * a * a * a)));
    }
    default: break;
  }
  TENON_UNREACHABLE("{} on floats", info(fn).name);
}

void apply_pointwise(PointwiseFn fn, float alpha, float beta, std::span<const Tensor> operands, Tensor& out) {
  if (fn == PointwiseFn::where) return apply_where(operands, out);
  if (fn == PointwiseFn::pow && operands[0].dtype() != operands[1].dtype()) return apply_power(operands, out);
  const DataType dtype = operands[0].dtype();
  if (info(fn).result == PointwiseResult::boolean) {
    if (dtype == DataType::string) return apply_predicate<std::string>(fn, alpha, beta, operands, out);
    if (dtype == DataType::boolean) return apply_predicate<bool>(fn, alpha, beta, operands, out);
    return dispatch_numeric(dtype, [&](auto tag) {
      apply_predicate<typename decltype(tag)::type>(fn, alpha, beta, operands, out);
    });
  }
  dispatch_numeric(
      dtype, [&](auto tag) { apply_same<typename decltype(tag)::type>(fn, alpha, beta, operands, out); });
}

Tensor run_program(const PointwiseProgram& program, std::span<const Tensor> operands, const Shape& shape) {
  std::vector<Tensor> registers(operands.begin(), operands.end());
  for (const PointwiseProgram::Instruction& instruction : program.code) {
    if (instruction.kind == PointwiseProgram::Kind::constant) {
      Tensor scalar(DataType::f32, {});
      mutable_elements<float>(scalar)[0] = instruction.alpha;
      Tensor converted(instruction.to, {});
      cast_tensor(scalar, converted);
      registers.push_back(std::move(converted));
      continue;
    }
    if (instruction.kind == PointwiseProgram::Kind::cast) {
      const Tensor& x = registers[instruction.args[0]];
      Tensor converted(instruction.to, x.shape());
      cast_tensor(x, converted);
      registers.push_back(std::move(converted));
      continue;
    }
    std::vector<Tensor> arguments;
    Shape result_shape;
    const PointwiseInfo& row = info(instruction.fn);
    for (int i = 0; i < row.arity; ++i) {
      arguments.push_back(registers[instruction.args[i]]);
      result_shape = broadcast_shape(result_shape, arguments.back().shape());
    }
    const DataType same = arguments[instruction.fn == PointwiseFn::where ? 1 : 0].dtype();
    Tensor result(row.result == PointwiseResult::boolean ? DataType::boolean : same, result_shape);
    apply_pointwise(instruction.fn, instruction.alpha, instruction.beta, arguments, result);
    registers.push_back(std::move(result));
  }
  if (registers.back().shape() == shape) return registers.back();
  Tensor condition(DataType::boolean, {});
  mutable_elements<bool>(condition)[0] = true;
  Tensor expanded(registers.back().dtype(), shape);
  const Tensor choice[3] = {condition, registers.back(), registers.back()};
  apply_pointwise(PointwiseFn::where, 0, 0, choice, expanded);
  return expanded;
}

}  // namespace tenon::ref
