// Operators that move elements: transpose, reshape, concat, split, slice, pad, gather, and their kind.
#include "ops/concat.hpp"
#include "ops/depth_to_space.hpp"
#include "ops/expand.hpp"
#include "ops/flatten.hpp"
#include "ops/gather.hpp"
#include "ops/gather_elements.hpp"
#include "ops/identity.hpp"
#include "ops/pad.hpp"
#include "ops/reshape.hpp"
#include "ops/slice.hpp"
#include "ops/space_to_depth.hpp"
#include "ops/split.hpp"
#include "ops/squeeze.hpp"
#include "ops/tile.hpp"
#include "ops/transpose.hpp"
#include "ops/trilu.hpp"
#include "ops/unsqueeze.hpp"
#include "random/growing_graph.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace tenon::test {
namespace {

std::optional<ValueId> pick_any(GrowingGraph& g, std::int64_t min_rank) {
  return g.pick([&](ValueId id) { return g.rank(id) >= min_rank; });
}

std::int64_t any_axis(GrowingGraph& g, ValueId id) { return g.between(0, g.rank(id) - 1); }

const Dim& dim(GrowingGraph& g, ValueId id, std::int64_t axis) {
  return g.dims(id)[static_cast<std::size_t>(axis)];
}

bool transpose(GrowingGraph& g) {
  const auto x = pick_any(g, 2);
  if (!x) return false;
  op::Transpose op;
  if (!g.one_in(6)) {
    op.perm.resize(g.dims(*x).size());
    std::iota(op.perm.begin(), op.perm.end(), 0);
    for (std::size_t i = op.perm.size(); i > 1; --i)
      std::swap(op.perm[i - 1], op.perm[g.below(static_cast<std::uint32_t>(i))]);
  }
  g.move(op, {*x});
  return true;
}

// There and back, with something in between or nothing.
bool transpose_pair(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) == 4 || g.rank(id) == 3; });
  if (!x) return false;
  op::Transpose there, back;
  there.perm = g.rank(*x) == 4 ? std::vector<std::int64_t>{0, 2, 3, 1} : std::vector<std::int64_t>{0, 2, 1};
  back.perm = g.rank(*x) == 4 ? std::vector<std::int64_t>{0, 3, 1, 2} : std::vector<std::int64_t>{0, 2, 1};
  g.move(back, {g.move(there, {*x})});
  return true;
}

// All but the first axis split anew; the first is kept by a 0, or takes what is left.
bool reshape(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) >= 1 && g.constant_dims(id, 1); });
  if (!x) return false;
  std::int64_t rest = 1;
  for (std::size_t i = 1; i < g.dims(*x).size(); ++i) rest *= g.dims(*x)[i].value();
  const bool whole = g.constant_dims(*x) && g.one_in(2);
  if (whole) rest *= g.dims(*x)[0].value();
  if (!whole && rest == 0) return false;  // an entry 0 would copy a dim
  std::vector<std::int64_t> shape;
  const std::int64_t pieces = g.between(1, 3);
  for (std::int64_t i = 1; i < pieces && rest > 0; ++i) {
    std::int64_t factor = g.between(1, 4);
    while (rest % factor != 0) --factor;
    shape.push_back(factor);
    rest /= factor;
  }
  const bool empty = rest == 0 || g.least(g.dims(*x)[0]) == 0;
  shape.push_back(rest);
  if (!whole) shape.insert(shape.begin(), empty || g.one_in(2) ? 0 : -1);
  op::Reshape op;
  if (whole && empty) op.allow_zero = true;
  g.move(op, {*x, g.integers(shape)});
  return true;
}

bool flatten(GrowingGraph& g) {
  const auto x = pick_any(g, 1);
  if (!x) return false;
  op::Flatten op;
  op.axis = g.between(0, g.rank(*x));
  g.move(op, {*x});
  return true;
}

bool squeeze(GrowingGraph& g) {
  const auto x = pick_any(g, 1);
  if (!x) return false;
  op::Squeeze op;
  op.axes.emplace();
  for (std::int64_t axis = 0; axis < g.rank(*x); ++axis) {
    if (dim(g, *x, axis).is_const(1) && g.one_in(2)) op.axes->push_back(axis);
  }
  if (op.axes->empty()) return false;
  g.move(op, {*x});
  return true;
}

bool unsqueeze(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) <= 3; });
  if (!x) return false;
  op::Unsqueeze op;
  op.axes = {g.between(0, g.rank(*x))};
  if (g.one_in(2)) op.axes->push_back(-1);
  if (op.axes->front() == g.rank(*x) + 1) return false;
  g.move(op, {*x});
  return true;
}

bool concat(GrowingGraph& g) {
  const auto x = pick_any(g, 1);
  if (!x) return false;
  const std::int64_t axis = any_axis(g, *x);
  std::vector<ValueId> parts = {*x};
  for (std::int64_t more = g.between(0, 2); more > 0; --more) {
    const auto other = g.pick([&](ValueId id) {
      if (g.dtype(id) != g.dtype(*x) || g.rank(id) != g.rank(*x)) return false;
      for (std::int64_t i = 0; i < g.rank(id); ++i) {
        if (i != axis && !(dim(g, id, i) == dim(g, *x, i))) return false;
      }
      return true;
    });
    if (other) parts.push_back(*other);
  }
  op::Concat op;
  op.axis = g.one_in(3) ? axis - g.rank(*x) : axis;
  const std::vector<ValueId> data = parts;
  g.move(op, std::move(parts), data);
  return true;
}

bool split(GrowingGraph& g) {
  const auto x = pick_any(g, 1);
  if (!x) return false;
  op::Split op;
  op.axis = any_axis(g, *x);
  const Dim size = dim(g, *x, op.axis);
  if (!size.is_const()) return false;
  const std::int64_t first = g.between(0, size.value());
  op.sizes = {first, size.value() - first};
  const std::array data = {*x};
  g.move(op, {*x}, data, 2);
  return true;
}

bool slice(GrowingGraph& g) {
  const auto x = pick_any(g, 1);
  if (!x) return false;
  const std::int64_t axis = any_axis(g, *x);
  const std::int64_t step = g.any_of<std::int64_t>({1, 1, 1, 2, -1, -2});
  const std::int64_t low = g.between(0, 3), high = g.between(2, 9);
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  const std::int64_t start = step > 0 ? low : g.one_in(2) ? -1 : high;
  const std::int64_t end = step > 0 ? (g.one_in(3)   ? kEnd
                                       : g.one_in(3) ? -1
                                                     : high)
                                    : (g.one_in(2) ? -kEnd : low);
  op::Slice op;
  if (g.one_in(2)) {
    op.starts = {start};
    op.ends = {end};
    op.axes = {axis};
    op.steps = {step};
    g.move(op, {*x});
  } else {
    g.move(op, {*x, g.integers({start}), g.integers({end}), g.integers({axis}), g.integers({step})});
  }
  return true;
}

bool pad(GrowingGraph& g) {
  const auto x = pick_any(g, 1);
  if (!x) return false;
  op::Pad op;
  const auto axes = g.dims(*x).size();
  op.pads.emplace(2 * axes);
  if (g.one_in(3)) op.mode = g.any_of({op::PadMode::edge, op::PadMode::reflect});
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::int64_t size = g.least(g.dims(*x)[axis]);
    const std::int64_t most = op.mode == op::PadMode::constant ? 2 : std::clamp<std::int64_t>(size - 1, 0, 2);
    if (g.one_in(2)) (*op.pads)[axis] = g.between(0, most);
    if (g.one_in(2)) (*op.pads)[axis + axes] = g.between(0, most);
    if (op.mode == op::PadMode::constant && size > 1 && g.one_in(8)) (*op.pads)[axis] = -1;
  }
  g.move(op, {*x});
  return true;
}

bool gather(GrowingGraph& g) {
  const auto x = pick_any(g, 1);
  if (!x) return false;
  op::Gather op;
  op.axis = any_axis(g, *x);
  const std::int64_t size = g.least(dim(g, *x, op.axis));
  if (size == 0) return false;
  std::vector<std::int64_t> indices;
  for (std::int64_t count = g.between(1, 3); count > 0; --count)
    indices.push_back(g.between(-size, size - 1));
  if (g.one_in(3)) {
    g.move(op, {*x, g.scalar(DataType::i64, static_cast<double>(indices.front()))});
  } else {
    g.move(op, {*x, g.integers(indices)});
  }
  return true;
}

bool gather_elements(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) >= 1 && g.constant_dims(id); });
  if (!x) return false;
  op::GatherElements op;
  op.axis = any_axis(g, *x);
  const std::int64_t size = dim(g, *x, op.axis).value();
  if (size == 0) return false;
  Shape shape;
  for (const Dim& extent : g.dims(*x))
    shape.push_back(g.between(std::min<std::int64_t>(1, extent.value()), extent.value()));
  g.move(op, {*x, g.constant(DataType::i64, shape, static_cast<double>(size - 1), 0)});
  return true;
}

bool tile(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) >= 1 && g.most_elements(g.dims(id)) < 2048; });
  if (!x) return false;
  std::vector<std::int64_t> repeats(g.dims(*x).size(), 1);
  repeats[g.below(static_cast<std::uint32_t>(repeats.size()))] = g.between(0, 3);
  g.move(op::Tile{}, {*x, g.integers(repeats)});
  return true;
}

bool expand(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) <= 4 && g.most_elements(g.dims(id)) < 2048; });
  if (!x) return false;
  std::vector<std::int64_t> shape;
  if (g.one_in(2)) shape.push_back(g.between(0, 3));
  for (const Dim& extent : g.dims(*x)) shape.push_back(extent.is_const(1) ? g.between(1, 4) : 1);
  if (shape.empty()) return false;
  g.move(op::Expand{}, {*x, g.integers(shape)});
  return true;
}

bool blocks(GrowingGraph& g) {
  const auto x =
      g.pick([&](ValueId id) { return g.is_float(id) && g.rank(id) == 4 && g.constant_dims(id, 1); });
  if (!x) return false;
  const Dims& dims = g.dims(*x);
  if (dims[1].value() % 4 == 0 && g.one_in(2)) {
    op::DepthToSpace op;
    op.blocksize = 2;
    op.mode = g.any_of({op::DepthToSpaceMode::dcr, op::DepthToSpaceMode::crd});
    g.move(op, {*x});
    return true;
  }
  if (dims[2].value() % 2 != 0 || dims[3].value() % 2 != 0) return false;
  op::SpaceToDepth op;
  op.blocksize = 2;
  g.move(op, {*x});
  return true;
}

bool trilu(GrowingGraph& g) {
  const auto x = g.pick([&](ValueId id) { return g.rank(id) >= 2 && g.dtype(id) != DataType::f16; });
  if (!x) return false;
  op::Trilu op;
  op.upper = g.one_in(2);
  op.k = g.between(-2, 2);
  g.move(op, {*x});
  return true;
}

bool identity(GrowingGraph& g) {
  const auto x = pick_any(g, 0);
  if (!x) return false;
  g.move(op::Identity{}, {*x});
  return true;
}

constexpr std::array kProductions = {
    Production{"transpose", transpose},
    Production{"transpose pair", transpose_pair},
    Production{"reshape", reshape},
    Production{"reshape", reshape},
    Production{"flatten", flatten},
    Production{"squeeze", squeeze},
    Production{"unsqueeze", unsqueeze},
    Production{"concat", concat},
    Production{"concat", concat},
    Production{"split", split},
    Production{"slice", slice},
    Production{"slice", slice},
    Production{"pad", pad},
    Production{"pad", pad},
    Production{"gather", gather},
    Production{"gather_elements", gather_elements},
    Production{"tile", tile},
    Production{"expand", expand},
    Production{"blocks", blocks},
    Production{"trilu", trilu},
    Production{"identity", identity},
};

}  // namespace

std::span<const Production> movement_productions() { return kProductions; }

}  // namespace tenon::test
