// Reductions along axes, softmax and layer normalization.
#include "ops/arg_extreme.hpp"
#include "ops/cumulative.hpp"
#include "ops/layer_norm.hpp"
#include "ops/reduce.hpp"
#include "ops/rms_norm.hpp"
#include "ops/softmax.hpp"
#include "ops/top_k.hpp"
#include "random/growing_graph.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tenon::test {
namespace {

constexpr int kInexact = Known::kInexact;

double product_of(GrowingGraph& g, ValueId id, const std::vector<std::int64_t>& axes) {
  double terms = 1;
  for (const std::int64_t axis : axes)
    terms *= static_cast<double>(g.most(g.dims(id)[static_cast<std::size_t>(axis)]));
  return terms;
}

std::vector<std::int64_t> axes_from(std::int64_t first, std::int64_t rank) {
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = first; axis < rank; ++axis) axes.push_back(axis);
  return axes;
}

bool never_empty(GrowingGraph& g, ValueId id) {
  const Dims& dims = g.dims(id);
  return std::all_of(dims.begin(), dims.end(), [&](const Dim& dim) { return g.least(dim) > 0; });
}

std::optional<ValueId> pick_filled(GrowingGraph& g, std::int64_t min_rank, bool exact = false) {
  return g.pick([&](ValueId id) {
    return g.is_float(id) && g.rank(id) >= min_rank && never_empty(g, id) && (!exact || g.known(id).exact());
  });
}

bool reduce(GrowingGraph& g) {
  const auto x = pick_filled(g, 1);
  if (!x) return false;
  const Known known = g.known(*x);
  op::Reduce op;
  std::vector<std::int64_t> reduced;
  for (std::int64_t axis = 0; axis < g.rank(*x); ++axis) {
    if (g.one_in(2)) reduced.push_back(axis);
  }
  op.axes = reduced;
  if (reduced.empty()) reduced = axes_from(0, g.rank(*x));
  if (!op.axes.empty() && g.one_in(3)) op.axes.back() -= g.rank(*x);
  op.keep_dims = g.one_in(2);
  const double terms = product_of(g, *x, reduced);
  const double m = known.magnitude;
  const auto finish = [&](op::ReduceFn fn, double magnitude, double error, int bits) {
    op.fn = fn;
    g.add(op, {*x}, magnitude, magnitude, error, bits, terms + 8);
  };
  switch (g.below(8)) {
    case 0: finish(op::ReduceFn::sum, terms * m, terms * known.error, known.fraction_bits); break;
    case 1:
    case 2: finish(op::ReduceFn::mean, m, known.error, kInexact); break;
    case 3: finish(op::ReduceFn::max, m, known.error, known.fraction_bits); break;
    case 4: finish(op::ReduceFn::min, m, known.error, known.fraction_bits); break;
    case 5: finish(op::ReduceFn::l1, terms * m, terms * known.error, known.fraction_bits); break;
    case 6:
      finish(op::ReduceFn::sum_square, terms * m * m, terms * known.error * (2 * m + known.error),
             known.exact() ? 2 * known.fraction_bits : kInexact);
      break;
    default: finish(op::ReduceFn::log_sum_exp, m + std::log(terms) + 1, known.error, kInexact);
  }
  return true;
}

// Over possibly no elements, where the results are defined: sums.
bool reduce_any(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.dtype(id) != DataType::boolean && g.rank(id) >= 1; });
  if (!x) return false;
  const Known known = g.known(*x);
  op::Reduce op;
  op.fn = op::ReduceFn::sum;
  op.axes = {g.between(0, g.rank(*x) - 1)};
  op.keep_dims = g.one_in(2);
  const double terms = product_of(g, *x, op.axes);
  const double sum = terms * known.magnitude;
  g.add(op, {*x}, sum, sum, terms * known.error, known.fraction_bits, terms);
  return true;
}

bool softmax(GrowingGraph& g) {
  const auto x = pick_filled(g, 1);
  if (!x) return false;
  const Known known = g.known(*x);
  const std::int64_t axis = g.between(-g.rank(*x), g.rank(*x) - 1);
  const double terms = product_of(g, *x, {axis < 0 ? axis + g.rank(*x) : axis});
  const double steps = terms + 8 + 4 * known.magnitude;  // x - max is rounded before exp
  if (g.one_in(4)) {
    op::LogSoftmax op;
    op.axis = axis;
    const double magnitude = 2 * known.magnitude + std::log(terms);
    g.add(op, {*x}, magnitude, magnitude + 1, 2 * known.error, kInexact, terms + 8);
  } else {
    op::Softmax op;
    op.axis = axis;
    g.add(op, {*x}, 1, 1, known.error, kInexact, steps);
  }
  return true;
}

bool layer_norm(GrowingGraph& g) {
  const auto x = pick_filled(g, 1);
  if (!x || !g.constant_dims(*x)) return false;
  const Known known = g.known(*x);
  const std::int64_t first = g.between(0, g.rank(*x) - 1);
  Shape shape;
  for (std::int64_t axis = first; axis < g.rank(*x); ++axis)
    shape.push_back(g.dims(*x)[static_cast<std::size_t>(axis)].value());
  const double terms = product_of(g, *x, axes_from(first, g.rank(*x)));
  const double most = std::min(std::sqrt(terms), 4 * known.magnitude);
  const double slope = 2 * (2 + most);
  std::vector<ValueId> operands = {*x};
  if (!g.one_in(3)) operands.push_back(g.constant(g.dtype(*x), shape, 1, kInexact));
  const double sum = slope * known.magnitude + most + 1;
  if (g.one_in(3)) {
    op::RmsNorm op;
    op.axis = first;
    op.epsilon = 0.25F;
    g.add(op, operands, most, sum, slope * known.error, kInexact, terms + 8);
    return true;
  }
  if (operands.size() > 1 && g.one_in(2)) operands.push_back(g.constant(g.dtype(*x), shape, 1, kInexact));
  op::LayerNorm op;
  op.axis = first - (g.one_in(2) ? g.rank(*x) : 0);
  op.epsilon = 0.25F;
  g.add(op, operands, most + 1, sum, slope * known.error, kInexact, terms + 8);
  return true;
}

bool arg_extreme(GrowingGraph& g) {
  const auto x = pick_filled(g, 1, true);
  if (!x) return false;
  op::ArgMax op;
  op.axis = g.between(-g.rank(*x), g.rank(*x) - 1);
  op.keep_dims = g.one_in(2);
  op.select_last = g.one_in(2);
  const auto axis = static_cast<std::size_t>(op.axis < 0 ? op.axis + g.rank(*x) : op.axis);
  const auto size = static_cast<double>(g.most(g.dims(*x)[axis]));
  if (g.one_in(2)) {
    g.add(op, {*x}, size, size, 0, 0, 0);
  } else {
    g.add(op::ArgMin{op.axis, op.keep_dims, op.select_last}, {*x}, size, size, 0, 0, 0);
  }
  return true;
}

bool top_k(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) {
    return g.is_float(id) && g.known(id).exact() && g.rank(id) >= 1 && g.dims(id).back().is_const();
  });
  if (!x) return false;
  const std::int64_t size = g.dims(*x).back().value();
  op::TopK op;
  op.k = g.between(0, std::min<std::int64_t>(size, 4));
  op.largest = g.one_in(2);
  const std::array data = {*x};
  g.move(op, {*x}, data, 2);
  return true;
}

bool cum_sum(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.dtype(id) != DataType::boolean && g.rank(id) >= 1; });
  if (!x) return false;
  const Known known = g.known(*x);
  op::CumSum op;
  op.exclusive = g.one_in(2);
  op.reverse = g.one_in(2);
  const std::int64_t axis = g.between(0, g.rank(*x) - 1);
  const double terms = product_of(g, *x, {axis});
  const double sum = terms * known.magnitude;
  g.add(op, {*x, g.scalar(DataType::i64, static_cast<double>(axis))}, sum, sum, terms * known.error,
        known.fraction_bits, terms);
  return true;
}

constexpr std::array kProductions = {
    Production{"reduce", reduce},         Production{"reduce", reduce},
    Production{"reduce any", reduce_any}, Production{"softmax", softmax},
    Production{"layer_norm", layer_norm}, Production{"arg_extreme", arg_extreme},
    Production{"top_k", top_k},           Production{"cum_sum", cum_sum},
};

}  // namespace

std::span<const Production> reduction_productions() { return kProductions; }

}  // namespace tenon::test
