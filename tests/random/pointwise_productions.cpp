// Elementwise operators, with broadcasting, and casts.
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"
#include "random/growing_graph.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tenon::test {
namespace {

constexpr int kInexact = Known::kInexact;

// A constant that broadcasts to `id`: its shape with leading axes left out and some axes 1.
ValueId broadcast_constant(GrowingGraph& g, ValueId id, double magnitude, int fraction_bits) {
  Shape shape;
  const Dims& dims = g.dims(id);
  const std::size_t skipped = g.below(static_cast<std::uint32_t>(dims.size() + 1));
  for (std::size_t i = skipped; i < dims.size(); ++i) {
    shape.push_back(dims[i].is_const() && !g.one_in(3) ? dims[i].value() : 1);
  }
  return g.constant(g.dtype(id), shape, magnitude, fraction_bits);
}

bool broadcasts(const Dims& a, const Dims& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const Dim& x = a[a.size() - 1 - i];
    const Dim& y = b[b.size() - 1 - i];
    if (!(x == y) && !x.is_const(1) && !y.is_const(1)) return false;
  }
  return true;
}

// Another operand for `id`: a value of the graph, a broadcast constant, or `id` itself.
ValueId partner(GrowingGraph& g, ValueId id, bool exact) {
  if (g.one_in(16)) return id;
  if (!g.one_in(3)) {
    const auto other = g.pick([&](ValueId candidate) {
      return candidate != id && g.dtype(candidate) == g.dtype(id) && (!exact || g.known(candidate).exact()) &&
             broadcasts(g.dims(id), g.dims(candidate));
    });
    if (other) return *other;
  }
  const bool whole = !g.is_float(id) || exact || g.one_in(2);
  return broadcast_constant(g, id, 2, !g.is_float(id) ? 0 : whole ? 1 : kInexact);
}

int finer(const Known& a, const Known& b) {
  return a.exact() && b.exact() ? std::max(a.fraction_bits, b.fraction_bits) : kInexact;
}

bool linear(GrowingGraph& g) {
  const auto a = g.pick([&](ValueId id) { return g.dtype(id) != DataType::boolean; });
  if (!a) return false;
  const ValueId b = partner(g, *a, false);
  const Known x = g.known(*a), y = g.known(b);
  const PointwiseFn fn = g.any_of({PointwiseFn::add, PointwiseFn::sub, PointwiseFn::min, PointwiseFn::max});
  const bool swap = g.one_in(4);
  g.add(op::Binary{fn}, swap ? std::vector{b, *a} : std::vector{*a, b}, x.magnitude + y.magnitude,
        x.magnitude + y.magnitude, x.error + y.error, finer(x, y), 1);
  return true;
}

bool product(GrowingGraph& g) {
  const auto a = g.pick([&](ValueId id) { return g.dtype(id) != DataType::boolean; });
  if (!a) return false;
  const ValueId b = partner(g, *a, false);
  const Known x = g.known(*a), y = g.known(b);
  const PointwiseFn fn = g.is_float(*a) && g.one_in(4) ? PointwiseFn::prelu : PointwiseFn::mul;
  const double magnitude = std::max(x.magnitude, x.magnitude * y.magnitude);
  const int bits = x.exact() && y.exact() ? x.fraction_bits + y.fraction_bits : kInexact;
  g.add(op::Binary{fn}, {*a, b}, magnitude, magnitude,
        x.error * std::max(1.0, y.magnitude) + y.error * x.magnitude + x.error * y.error, bits, 1);
  return true;
}

bool quotient(GrowingGraph& g) {
  const auto a = g.pick([&](ValueId id) {
    return g.is_float(id) || g.dtype(id) == DataType::i32 || g.dtype(id) == DataType::i64;
  });
  if (!a) return false;
  const Known x = g.known(*a);
  if (!g.is_float(*a)) {
    const ValueId divisor = g.scalar(g.dtype(*a), static_cast<double>(g.any_of({-3, -1, 1, 2, 5})));
    g.add(op::Binary{g.any_of({PointwiseFn::div, PointwiseFn::mod, PointwiseFn::fmod})}, {*a, divisor},
          std::max(5.0, x.magnitude), x.magnitude, 0, 0, 1);
    return true;
  }
  const double divisor = g.any_of({-3.0, 1.0, 1.7, 2.0, 10.0});
  g.add(op::Binary{PointwiseFn::div}, {*a, g.scalar(g.dtype(*a), divisor)}, x.magnitude, x.magnitude, x.error,
        kInexact, 2);
  return true;
}

bool power(GrowingGraph& g) {
  const auto x = g.pick_float();
  if (!x) return false;
  const Known known = g.known(*x);
  const double magnitude = known.magnitude * known.magnitude;
  g.add(op::Binary{PointwiseFn::pow}, {*x, g.scalar(g.dtype(*x), 2)}, magnitude, magnitude,
        known.error * (2 * known.magnitude + known.error), known.exact() ? 2 * known.fraction_bits : kInexact,
        8);
  return true;
}

// y = fn(x) with |y| <= factor·|x| + offset and slope at most `slope`.
struct Smooth {
  PointwiseFn fn;
  double slope, factor, offset;
  float alpha = 0, beta = 0;
};
constexpr std::array<Smooth, 18> kSmooth = {{
    {PointwiseFn::sigmoid, 0.25, 0, 1},
    {PointwiseFn::tanh, 1, 0, 1},
    {PointwiseFn::silu, 1.2, 1, 0, 1},
    {PointwiseFn::gelu, 1.2, 1, 0},
    {PointwiseFn::gelu_tanh, 1.2, 1, 0},
    {PointwiseFn::mish, 1.2, 1, 0},
    {PointwiseFn::softplus, 1, 1, 0.7},
    {PointwiseFn::softsign, 1, 0, 1},
    {PointwiseFn::elu, 1, 1, 1, 1},
    {PointwiseFn::celu, 1, 1, 1, 1},
    {PointwiseFn::selu, 1.8, 1.1, 1.8, 1.67326319F, 1.05070102F},
    {PointwiseFn::hard_sigmoid, 0.2, 0, 1, 0.2F, 0.5F},
    {PointwiseFn::hard_swish, 1.5, 1, 0.4},
    {PointwiseFn::erf, 1.2, 0, 1},
    {PointwiseFn::atan, 1, 0, 1.6},
    {PointwiseFn::asinh, 1, 1, 0},
    {PointwiseFn::leaky_relu, 1, 1, 0, 0.1F},
    {PointwiseFn::clip, 1, 1, 1, -0.7F, 1.3F},
}};

bool smooth(GrowingGraph& g) {
  const auto x = g.pick_float();
  if (!x) return false;
  const Known known = g.known(*x);
  const Smooth& fn = kSmooth[g.below(kSmooth.size())];
  const double magnitude = known.magnitude * fn.factor + fn.offset;
  g.add(op::unary(fn.fn, fn.alpha, fn.beta), {*x}, magnitude, magnitude + known.magnitude,
        fn.slope * known.error, kInexact, 8);
  return true;
}

// Functions with a restricted domain, behind what restricts it: f(1 + |x|), exp(clip(x)), sin(clip(x)).
bool guarded(GrowingGraph& g) {
  const auto x = g.pick_float();
  if (!x) return false;
  const Known known = g.known(*x);
  if (g.one_in(2)) {
    const PointwiseFn fn =
        g.any_of({PointwiseFn::exp, PointwiseFn::sin, PointwiseFn::cos, PointwiseFn::sinh});
    const ValueId clipped =
        g.add(op::unary(PointwiseFn::clip, -2, 2), {*x}, 2, 2, known.error, known.fraction_bits, 0);
    g.add(op::unary(fn, 0, 0), {clipped}, 7.4, 7.4, 7.4 * known.error, kInexact, 8);
    return true;
  }
  const ValueId positive = g.add(op::unary(PointwiseFn::abs, 0, 0), {*x}, known.magnitude, known.magnitude,
                                 known.error, known.fraction_bits, 0);
  const ValueId shifted =
      g.add(op::Binary{PointwiseFn::add}, {positive, g.scalar(g.dtype(*x), 1)}, known.magnitude + 1,
            known.magnitude + 1, known.error, known.fraction_bits, 1);
  const Known inner = g.known(shifted);
  const PointwiseFn fn = g.any_of({PointwiseFn::sqrt, PointwiseFn::log, PointwiseFn::reciprocal});
  g.add(op::unary(fn, 0, 0), {shifted}, inner.magnitude, inner.magnitude, inner.error, kInexact, 8);
  return true;
}

bool exact_unary(GrowingGraph& g) {
  const auto x = g.pick_float();
  if (!x) return false;
  const Known known = g.known(*x);
  const auto keep = [&](PointwiseFn fn, float alpha, float beta, int more_bits, double magnitude) {
    g.add(op::unary(fn, alpha, beta), {*x}, magnitude, magnitude, known.error,
          known.exact() ? known.fraction_bits + more_bits : kInexact, 1);
  };
  switch (g.below(7)) {
    case 0: keep(PointwiseFn::relu, 0, 0, 0, known.magnitude); break;
    case 1: keep(PointwiseFn::neg, 0, 0, 0, known.magnitude); break;
    case 2: keep(PointwiseFn::abs, 0, 0, 0, known.magnitude); break;
    case 3: keep(PointwiseFn::leaky_relu, 0.125F, 0, 3, known.magnitude); break;
    case 4: keep(PointwiseFn::clip, -1, 2, 0, std::min(2.0, known.magnitude + 1)); break;
    case 5: keep(PointwiseFn::clip, 0, 6, 0, std::min(6.0, known.magnitude)); break;
    default: {
      const double magnitude = known.magnitude * known.magnitude;
      g.add(op::unary(PointwiseFn::square, 0, 0), {*x}, magnitude, magnitude,
            known.error * (2 * known.magnitude + known.error),
            known.exact() ? 2 * known.fraction_bits : kInexact, 1);
    }
  }
  return true;
}

bool jumping(GrowingGraph& g) {
  const auto x = g.pick_float(0, true);
  if (!x) return false;
  const Known known = g.known(*x);
  const PointwiseFn fn = g.any_of({PointwiseFn::floor, PointwiseFn::ceil, PointwiseFn::round,
                                   PointwiseFn::sign, PointwiseFn::thresholded_relu, PointwiseFn::shrink});
  const float alpha = fn == PointwiseFn::thresholded_relu || fn == PointwiseFn::shrink ? 0.5F : 0;
  g.add(op::unary(fn, alpha, 0), {*x}, known.magnitude + 1, known.magnitude + 1, 0, known.fraction_bits, 1);
  return true;
}

bool comparison(GrowingGraph& g) {
  const auto a = g.pick([&](ValueId id) { return g.dtype(id) != DataType::boolean && g.known(id).exact(); });
  if (!a) return false;
  const PointwiseFn fn = g.any_of({PointwiseFn::equal, PointwiseFn::less, PointwiseFn::less_equal,
                                   PointwiseFn::greater, PointwiseFn::greater_equal});
  g.add(op::Binary{fn}, {*a, partner(g, *a, true)}, 1, 1, 0, 0, 0);
  return true;
}

bool logic(GrowingGraph& g) {
  const auto a = g.pick([&](ValueId id) { return g.dtype(id) == DataType::boolean; });
  if (!a) return false;
  if (g.one_in(3)) {
    g.add(op::unary(PointwiseFn::logical_not, 0, 0), {*a}, 1, 1, 0, 0, 0);
    return true;
  }
  const PointwiseFn fn =
      g.any_of({PointwiseFn::logical_and, PointwiseFn::logical_or, PointwiseFn::logical_xor});
  g.add(op::Binary{fn}, {*a, partner(g, *a, true)}, 1, 1, 0, 0, 0);
  return true;
}

bool bits(GrowingGraph& g) {
  const auto a =
      g.pick([&](ValueId id) { return g.dtype(id) == DataType::i32 || g.dtype(id) == DataType::i64; });
  if (!a) return false;
  const ValueId b = partner(g, *a, true);
  // Below the next power of two of both, and as negative.
  const double magnitude = 2 * std::max(g.known(*a).magnitude, g.known(b).magnitude) + 2;
  g.add(op::Binary{g.any_of({PointwiseFn::bit_and, PointwiseFn::bit_or, PointwiseFn::bit_xor})}, {*a, b},
        magnitude, magnitude, 0, 0, 0);
  return true;
}

bool where(GrowingGraph& g) {
  const auto condition = g.pick([&](ValueId id) { return g.dtype(id) == DataType::boolean; });
  if (!condition) return false;
  const auto a = g.pick([&](ValueId id) { return broadcasts(g.dims(*condition), g.dims(id)); });
  if (!a) return false;
  const ValueId b = partner(g, *a, false);
  // All three together, which pairs do not promise.
  if (!broadcasts(g.dims(*condition), g.dims(b)) || g.dims(b).size() > g.dims(*a).size()) return false;
  const std::array data = {*a, b};
  g.move(op::Where{}, {*condition, *a, b}, data);
  return true;
}

bool cast(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.known(id).exact() && g.known(id).magnitude < 64; });
  if (!x) return false;
  const DataType to = g.any_of({DataType::f32, DataType::f32, DataType::i32, DataType::i64, DataType::boolean,
                                DataType::f64, DataType::f16});
  op::Cast op;
  op.to = to;
  const Known known = g.known(*x);
  const bool to_float = to == DataType::f32 || to == DataType::f64 || to == DataType::f16;
  const double magnitude = to == DataType::boolean ? 1 : known.magnitude;
  g.add(op, {*x}, magnitude, magnitude, 0, to_float ? known.fraction_bits : 0, 1);
  return true;
}

constexpr std::array kProductions = {
    Production{"linear", linear},
    Production{"linear", linear},
    Production{"product", product},
    Production{"quotient", quotient},
    Production{"power", power},
    Production{"smooth", smooth},
    Production{"smooth", smooth},
    Production{"guarded", guarded},
    Production{"exact unary", exact_unary},
    Production{"exact unary", exact_unary},
    Production{"jumping", jumping},
    Production{"comparison", comparison},
    Production{"logic", logic},
    Production{"bits", bits},
    Production{"where", where},
    Production{"cast", cast},
};

}  // namespace

std::span<const Production> pointwise_productions() { return kProductions; }

}  // namespace tenon::test
