// Pools, normalizations and resizing of images.
#include "ops/average_pool.hpp"
#include "ops/batch_norm.hpp"
#include "ops/global_pool.hpp"
#include "ops/group_norm.hpp"
#include "ops/instance_norm.hpp"
#include "ops/lrn.hpp"
#include "ops/max_pool.hpp"
#include "ops/resize.hpp"
#include "random/growing_graph.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tenon::test {
namespace {

constexpr int kInexact = Known::kInexact;

std::optional<ValueId> pick_image(GrowingGraph& g) {
  return g.pick([&](ValueId id) {
    if (!g.is_float(id) || g.rank(id) < 3 || g.rank(id) > 4 || !g.constant_dims(id, 1)) return false;
    const Dims& dims = g.dims(id);
    return std::all_of(dims.begin() + 1, dims.end(), [](const Dim& dim) { return dim.value() > 0; });
  });
}

double spatial(const Dims& dims) {
  double count = 1;
  for (std::size_t i = 2; i < dims.size(); ++i) count *= static_cast<double>(dims[i].value());
  return count;
}

// Fills the geometry so that each window has at least one element of the image; returns the window's size.
template <class Pool>
double set_window(GrowingGraph& g, const Dims& dims, Pool& op) {
  const std::size_t axes = dims.size() - 2;
  op.pad.resize(2 * axes);
  double terms = 1;
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t size = dims[i + 2].value();
    const std::int64_t dilation = g.one_in(5) ? 2 : 1;
    const std::int64_t kernel = std::min(g.any_of<std::int64_t>({1, 2, 2, 3, 5}), (size - 1) / dilation + 1);
    op.kernel.push_back(kernel);
    op.dilation.push_back(dilation);
    op.stride.push_back(g.any_of<std::int64_t>({1, 2, 2, 3}));
    if (g.one_in(3)) op.pad[i] = g.between(0, kernel - 1);
    if (g.one_in(3)) op.pad[i + axes] = g.between(0, kernel - 1);
    terms *= static_cast<double>(kernel);
  }
  op.ceil_mode = g.one_in(3);
  return terms;
}

bool max_pool(GrowingGraph& g) {
  const auto x = pick_image(g);
  if (!x) return false;
  op::MaxPool op;
  set_window(g, g.dims(*x), op);
  g.move(op, {*x});
  return true;
}

bool average_pool(GrowingGraph& g) {
  const auto x = pick_image(g);
  if (!x) return false;
  const Known known = g.known(*x);
  op::AveragePool op;
  const double terms = set_window(g, g.dims(*x), op);
  op.count_include_pad = g.one_in(2);
  g.add(op, {*x}, known.magnitude, known.magnitude, known.error, kInexact, terms);
  return true;
}

bool global_pool(GrowingGraph& g) {
  const auto x = pick_image(g);
  if (!x) return false;
  const Known known = g.known(*x);
  if (g.one_in(2)) {
    g.move(op::GlobalMaxPool{}, {*x});
  } else {
    g.add(op::GlobalAveragePool{}, {*x}, known.magnitude, known.magnitude, known.error, kInexact,
          spatial(g.dims(*x)));
  }
  return true;
}

bool batch_norm(GrowingGraph& g) {
  const auto x = pick_image(g);
  if (!x) return false;
  const Known known = g.known(*x);
  const DataType dtype = g.dtype(*x);
  const Shape channels = {g.dims(*x)[1].value()};
  const ValueId scale = g.constant(dtype, channels, 1, kInexact);
  const ValueId bias = g.constant(dtype, channels, 1, kInexact);
  const ValueId mean = g.constant(dtype, channels, 1, kInexact);
  op::BatchNorm op;
  op.epsilon = 0.25F;  // with a variance of 0 the factor is at most 2
  const ValueId variance = g.constant(dtype, channels, 0, 0);
  const double sum = 2 * (known.magnitude + 1) + 1;
  g.add(op, {*x, scale, bias, mean, variance}, sum, sum, 2 * known.error, kInexact, 8);
  return true;
}

// (x - mean) / sqrt(var + epsilon) over `terms` elements, then scale and bias of at most 1.
ValueId normalized(GrowingGraph& g, Op op, const std::vector<ValueId>& operands, double terms,
                   double epsilon) {
  const Known known = g.known(operands.front());
  const double root = std::sqrt(epsilon);
  const double most = std::min(std::sqrt(terms), 2 * known.magnitude / root);
  const double slope = (2 + most) / root;
  const double sum = slope * known.magnitude + most + 1;
  return g.add(std::move(op), operands, most + 1, sum, slope * known.error, kInexact, terms + 8);
}

bool channel_norm(GrowingGraph& g) {
  const auto x = pick_image(g);
  if (!x) return false;
  const std::int64_t channels = g.dims(*x)[1].value();
  const ValueId scale = g.constant(g.dtype(*x), {channels}, 1, kInexact);
  const ValueId bias = g.constant(g.dtype(*x), {channels}, 1, kInexact);
  const double area = spatial(g.dims(*x));
  if (g.one_in(2)) {
    op::InstanceNorm op;
    op.epsilon = 0.25F;
    normalized(g, op, {*x, scale, bias}, area, 0.25);
    return true;
  }
  op::GroupNorm op;
  op.epsilon = 0.25F;
  op.num_groups = channels % 2 == 0 && g.one_in(2) ? 2 : g.one_in(2) ? 1 : channels;
  normalized(g, op, {*x, scale, bias}, area * static_cast<double>(channels / op.num_groups), 0.25);
  return true;
}

bool lrn(GrowingGraph& g) {
  const auto x = pick_image(g);
  if (!x) return false;
  const Known known = g.known(*x);
  op::Lrn op;
  op.size = g.any_of<std::int64_t>({1, 3, 4, 5});
  op.alpha = 0.01F;
  const double slope = 1 + 2 * 0.75 * 0.01 * known.magnitude * known.magnitude;
  g.add(op, {*x}, known.magnitude, known.magnitude * slope, slope * known.error, kInexact,
        static_cast<double>(op.size) + 8);
  return true;
}

bool resize(GrowingGraph& g) {
  const auto x = pick_image(g);
  if (!x) return false;
  const Known known = g.known(*x);
  op::Resize op;
  for (std::size_t axis = 2; axis < g.dims(*x).size(); ++axis) {
    const std::int64_t size = g.dims(*x)[axis].value();
    op.axes.push_back(static_cast<std::int64_t>(axis));
    op.sizes.push_back(
        g.any_of<std::int64_t>({size, 2 * size, 2 * size, 3 * size, std::max<std::int64_t>(1, size / 2)}));
  }
  op.transform =
      g.any_of({op::CoordinateTransform::half_pixel, op::CoordinateTransform::asymmetric,
                op::CoordinateTransform::align_corners, op::CoordinateTransform::pytorch_half_pixel});
  if (g.one_in(2)) {
    op.transform = op::CoordinateTransform::asymmetric;
    op.nearest_mode = op::NearestMode::floor;
    g.move(op, {*x});
    return true;
  }
  op.mode = op::ResizeMode::linear;
  g.add(op, {*x}, known.magnitude, 4 * known.magnitude, known.error, kInexact, 16);
  return true;
}

constexpr std::array kProductions = {
    Production{"max_pool", max_pool},
    Production{"average_pool", average_pool},
    Production{"global pool", global_pool},
    Production{"batch_norm", batch_norm},
    Production{"batch_norm", batch_norm},
    Production{"channel norm", channel_norm},
    Production{"lrn", lrn},
    Production{"resize", resize},
};

}  // namespace

std::span<const Production> window_productions() { return kProductions; }

}  // namespace tenon::test
