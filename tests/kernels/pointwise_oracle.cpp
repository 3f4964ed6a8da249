#include "kernels/pointwise_oracle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace tenon::cpu::test {

namespace {

using Fn = PointwiseFn;

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

double clamp(double x, double lo, double hi) { return std::isnan(x) ? x : std::min(hi, std::max(lo, x)); }

double modulo(double x, double y) {
  const double r = std::fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

double arithmetic(Fn fn, double x, double y) {
  switch (fn) {
    case Fn::add: return x + y;
    case Fn::sub: return x - y;
    case Fn::mul: return x * y;
    case Fn::div: return x / y;
    case Fn::mod: return modulo(x, y);
    case Fn::fmod: return std::fmod(x, y);
    case Fn::pow: return std::pow(x, y);
    case Fn::min: return std::isnan(x) || std::isnan(y) ? NAN : std::min(x, y);
    case Fn::max: return std::isnan(x) || std::isnan(y) ? NAN : std::max(x, y);
    case Fn::prelu: return x < 0 ? x * y : x;
    case Fn::equal: return x == y;
    case Fn::less: return x < y;
    case Fn::less_equal: return x <= y;
    case Fn::greater: return x > y;
    case Fn::greater_equal: return x >= y;
    case Fn::logical_and: return x != 0 && y != 0;
    case Fn::logical_or: return x != 0 || y != 0;
    case Fn::logical_xor: return (x != 0) != (y != 0);
    default: throw std::logic_error(std::string("no oracle for ") + pointwise_name(fn));
  }
}

double unary(Fn fn, double x) {
  switch (fn) {
    case Fn::neg: return -x;
    case Fn::abs: return std::abs(x);
    case Fn::sign: return std::isnan(x) ? x : (x > 0) - (x < 0);
    case Fn::reciprocal: return 1 / x;
    case Fn::sqrt: return std::sqrt(x);
    case Fn::square: return x * x;
    case Fn::exp: return std::exp(x);
    case Fn::log: return std::log(x);
    case Fn::erf: return std::erf(x);
    case Fn::floor: return std::floor(x);
    case Fn::ceil: return std::ceil(x);
    case Fn::round: return std::nearbyint(x);
    case Fn::sin: return std::sin(x);
    case Fn::cos: return std::cos(x);
    case Fn::tan: return std::tan(x);
    case Fn::asin: return std::asin(x);
    case Fn::acos: return std::acos(x);
    case Fn::atan: return std::atan(x);
    case Fn::sinh: return std::sinh(x);
    case Fn::cosh: return std::cosh(x);
    case Fn::tanh: return std::tanh(x);
    case Fn::asinh: return std::asinh(x);
    case Fn::acosh: return std::acosh(x);
    case Fn::atanh: return std::atanh(x);
    case Fn::relu: return std::isnan(x) ? x : std::max(x, 0.0);
    case Fn::sigmoid: return sigmoid(x);
    case Fn::hard_swish: return x * clamp(x / 6 + 0.5, 0, 1);
    case Fn::mish: return x * std::tanh(std::log1p(std::exp(x)));
    case Fn::softplus: return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case Fn::softsign: return x / (1 + std::abs(x));
    case Fn::gelu: return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case Fn::gelu_tanh: return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Fn::logical_not: return x == 0;
    case Fn::is_nan: return std::isnan(x);
    default: throw std::logic_error(std::string("no oracle for ") + pointwise_name(fn));
  }
}

}  // namespace

int pointwise_arity(PointwiseFn fn) {
  constexpr int kArity[] = {
#define TENON_POINTWISE(name, arity, alpha, beta, result) arity,
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
  };
  return kArity[static_cast<std::size_t>(fn)];
}

const char* pointwise_name(PointwiseFn fn) {
  constexpr const char* kNames[] = {
#define TENON_POINTWISE(name, arity, alpha, beta, result) #name,
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
  };
  return kNames[static_cast<std::size_t>(fn)];
}

double pointwise_exact(PointwiseFn fn, double x, double y, double z, double alpha, double beta) {
  switch (fn) {
    case Fn::where: return x != 0 ? y : z;
    case Fn::clip: return clamp(x, alpha, beta);
    case Fn::leaky_relu: return x < 0 ? alpha * x : x;
    case Fn::thresholded_relu: return x > alpha || std::isnan(x) ? x : 0;
    case Fn::elu: return x < 0 ? alpha * std::expm1(x) : x;
    case Fn::celu: return x < 0 ? alpha * std::expm1(x / alpha) : x;
    case Fn::selu: return beta * (x < 0 ? alpha * std::expm1(x) : x);
    case Fn::hard_sigmoid: return clamp(alpha * x + beta, 0, 1);
    case Fn::silu: return x * sigmoid(alpha * x);
    case Fn::shrink: return x > alpha ? x - beta : x < -alpha ? x + beta : std::isnan(x) ? x : 0;
    case Fn::is_inf: return std::isinf(x) && (x < 0 ? alpha : beta) != 0;
    default: return pointwise_arity(fn) == 1 ? unary(fn, x) : arithmetic(fn, x, y);
  }
}

double pointwise_program(const PointwiseProgram& program, std::span<const double> operands) {
  std::vector<double> registers(operands.begin(), operands.end());
  for (const PointwiseProgram::Instruction& i : program.code) {
    double value = 0;
    switch (i.kind) {
      case PointwiseProgram::Kind::constant: value = i.alpha; break;
      case PointwiseProgram::Kind::cast: value = registers[i.args[0]]; break;
      case PointwiseProgram::Kind::call:
        value = pointwise_exact(i.fn, registers[i.args[0]], registers[i.args[1]], registers[i.args[2]],
                                i.alpha, i.beta);
        break;
    }
    if (i.kind != PointwiseProgram::Kind::call && i.to == DataType::boolean) value = value != 0;
    registers.push_back(static_cast<float>(value));
  }
  return registers.back();
}

}  // namespace tenon::cpu::test
