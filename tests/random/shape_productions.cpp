// Shapes computed in the graph, as exporters write them: shape → gather → arithmetic → concat → reshape.
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/concat.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/expand.hpp"
#include "ops/gather.hpp"
#include "ops/range.hpp"
#include "ops/reshape.hpp"
#include "ops/shape.hpp"
#include "ops/size.hpp"
#include "ops/slice.hpp"
#include "ops/unsqueeze.hpp"
#include "random/growing_graph.hpp"

#include <algorithm>
#include <array>

namespace tenon::test {
namespace {

double largest_dim(GrowingGraph& g, ValueId id) {
  double most = 1;
  for (const Dim& dim : g.dims(id)) most = std::max(most, static_cast<double>(g.most(dim)));
  return most;
}

ValueId shape_of(GrowingGraph& g, ValueId id) {
  const double most = largest_dim(g, id);
  return g.add(op::ShapeOf{}, {id}, most, most, 0, 0, 0);
}

// Entry `axis` of the shape as a vector of one element.
ValueId extent(GrowingGraph& g, ValueId id, std::int64_t axis) {
  op::Gather gather;
  if (g.one_in(2)) return g.move(gather, {shape_of(g, id), g.integers({axis})});
  const ValueId scalar =
      g.move(gather, {shape_of(g, id), g.scalar(DataType::i64, static_cast<double>(axis))});
  op::Unsqueeze unsqueeze;
  unsqueeze.axes = {0};
  return g.move(unsqueeze, {scalar});
}

ValueId join(GrowingGraph& g, std::vector<ValueId> parts) {
  const std::vector<ValueId> data = parts;
  return g.move(op::Concat{}, std::move(parts), data).front();
}

// [first extent, -1]
bool flatten_computed(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) {
    const Dims& dims = g.dims(id);
    return dims.size() >= 2 &&
           std::all_of(dims.begin(), dims.end(), [&](const Dim& d) { return g.least(d) > 0; });
  });
  if (!x) return false;
  g.move(op::Reshape{}, {*x, join(g, {extent(g, *x, 0), g.integers({-1})})});
  return true;
}

// Two neighbouring axes become one by the product of their extents.
bool merge_axes(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) >= 2; });
  if (!x) return false;
  const std::int64_t axis = g.between(0, g.rank(*x) - 2);
  std::vector<ValueId> parts;
  for (std::int64_t i = 0; i < g.rank(*x); ++i) {
    if (i == axis) {
      const double most = largest_dim(g, *x) * largest_dim(g, *x);
      parts.push_back(
          g.add(op::Binary{PointwiseFn::mul}, {extent(g, *x, i), extent(g, *x, i + 1)}, most, most, 0, 0, 0));
      ++i;
    } else {
      parts.push_back(extent(g, *x, i));
    }
  }
  op::Reshape op;
  op.allow_zero = true;
  g.move(op, {*x, join(g, std::move(parts))});
  return true;
}

// A constant filled, or a value broadcast, to the shape of another one.
bool fill_like(GrowingGraph& g) {
  const auto like = g.pick([&](ValueId id) { return g.rank(id) >= 1; });
  if (!like) return false;
  if (g.one_in(2)) {
    op::ConstantOfShape op;
    op.value = Tensor::of<float>({1}, std::array{0.5F});
    g.add(op, {shape_of(g, *like)}, 0.5, 0.5, 0, 1, 0);
    return true;
  }
  const ValueId row =
      g.constant(DataType::f32, {g.dims(*like).back().is_const() ? g.dims(*like).back().value() : 1}, 1, 1);
  g.move(op::Expand{}, {row, shape_of(g, *like)});
  return true;
}

// The first half of an axis, by its computed extent.
bool first_half(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) >= 1; });
  if (!x) return false;
  const std::int64_t axis = g.between(0, g.rank(*x) - 1);
  const double most = largest_dim(g, *x);
  const ValueId half = g.add(op::Binary{PointwiseFn::div}, {extent(g, *x, axis), g.scalar(DataType::i64, 2)},
                             most, most, 0, 0, 0);
  op::Slice op;
  if (g.one_in(2)) {
    g.move(op, {*x, g.integers({0}), half, g.integers({axis})});
  } else {
    g.move(op, {*x, half, g.integers({1 << 20}), g.integers({axis})});
  }
  return true;
}

// 0, 1, … up to an extent, as floats.
bool positions(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) >= 1; });
  if (!x) return false;
  const double most = largest_dim(g, *x);
  const ValueId limit =
      g.move(op::Gather{},
             {shape_of(g, *x), g.scalar(DataType::i64, static_cast<double>(g.between(0, g.rank(*x) - 1)))});
  const ValueId range = g.add(op::Range{}, {g.scalar(DataType::i64, 0), limit, g.scalar(DataType::i64, 1)},
                              most, most, 0, 0, 0);
  op::Cast cast;
  cast.to = DataType::f32;
  g.add(cast, {range}, most, most, 0, 0, 0);
  return true;
}

bool size(GrowingGraph& g) {
  const auto x = g.pick([](ValueId) { return true; });
  if (!x) return false;
  const auto most = static_cast<double>(g.most_elements(g.dims(*x)));
  g.add(op::SizeOf{}, {*x}, most, most, 0, 0, 0);
  return true;
}

constexpr std::array kProductions = {
    Production{"flatten computed", flatten_computed},
    Production{"merge axes", merge_axes},
    Production{"fill like", fill_like},
    Production{"first half", first_half},
    Production{"positions", positions},
    Production{"size", size},
};

}  // namespace

std::span<const Production> shape_productions() { return kProductions; }

}  // namespace tenon::test
