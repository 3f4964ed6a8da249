#include "ops/reduce.hpp"

#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

#include <algorithm>
#include <limits>

namespace tenon {
namespace ref {
namespace {

// The elements that make up each result, in the order of the results.
template <class V>
std::vector<std::vector<V>> grouped(const std::vector<V>& x, const Shape& shape, const Shape& kept) {
  const std::vector<std::int64_t> strides = broadcast_strides(kept, shape);
  std::vector<std::vector<V>> groups(static_cast<std::size_t>(element_count(kept)));
  std::size_t position = 0;
  for_each_index(shape, [&](std::span<const std::int64_t> index) {
    groups[static_cast<std::size_t>(dot(index, strides))].push_back(x[position++]);
  });
  return groups;
}

double reduce_floats(op::ReduceFn fn, const std::vector<double>& values) {
  const double infinity = std::numeric_limits<double>::infinity();
  double sum = 0;
  switch (fn) {
    case op::ReduceFn::sum:
    case op::ReduceFn::mean:
    case op::ReduceFn::log_sum:
      for (const double value : values) sum += value;
      if (fn == op::ReduceFn::mean) return sum / static_cast<double>(values.size());
      return fn == op::ReduceFn::log_sum ? std::log(sum) : sum;
    case op::ReduceFn::l1:
      for (const double value : values) sum += std::fabs(value);
      return sum;
    case op::ReduceFn::l2:
    case op::ReduceFn::sum_square:
      for (const double value : values) sum += value * value;
      return fn == op::ReduceFn::l2 ? std::sqrt(sum) : sum;
    case op::ReduceFn::prod: {
      double product = 1;
      for (const double value : values) product *= value;
      return product;
    }
    case op::ReduceFn::max: {
      double best = -infinity;
      for (const double value : values) best = std::isnan(value) || value > best ? value : best;
      return best;
    }
    case op::ReduceFn::min: {
      double best = infinity;
      for (const double value : values) best = std::isnan(value) || value < best ? value : best;
      return best;
    }
    case op::ReduceFn::log_sum_exp: {
      if (values.empty()) return -infinity;
      const double largest = *std::max_element(values.begin(), values.end());
      if (std::isinf(largest)) return largest;
      for (const double value : values) sum += std::exp(value - largest);
      return largest + std::log(sum);
    }
  }
  TENON_UNREACHABLE("reduction {}", static_cast<int>(fn));
}

// V is std::int64_t or std::uint64_t; sums and products wrap.
template <class V>
V reduce_integers(op::ReduceFn fn, const std::vector<V>& values, V lowest, V highest) {
  std::uint64_t sum = 0;
  switch (fn) {
    case op::ReduceFn::sum:
    case op::ReduceFn::mean:
      for (const V value : values) sum += static_cast<std::uint64_t>(value);
      if (fn == op::ReduceFn::sum) return static_cast<V>(sum);
      return values.empty() ? V{0} : static_cast<V>(static_cast<V>(sum) / static_cast<V>(values.size()));
    case op::ReduceFn::l1:
      for (const V value : values) sum += static_cast<std::uint64_t>(value < 0 ? V{0} - value : value);
      return static_cast<V>(sum);
    case op::ReduceFn::sum_square:
      for (const V value : values)
        sum += static_cast<std::uint64_t>(value) * static_cast<std::uint64_t>(value);
      return static_cast<V>(sum);
    case op::ReduceFn::prod: {
      std::uint64_t product = 1;
      for (const V value : values) product *= static_cast<std::uint64_t>(value);
      return static_cast<V>(product);
    }
    case op::ReduceFn::max: {
      V best = lowest;
      for (const V value : values) best = std::max(best, value);
      return best;
    }
    case op::ReduceFn::min: {
      V best = highest;
      for (const V value : values) best = std::min(best, value);
      return best;
    }
    default: break;
  }
  const double real = reduce_floats(fn, std::vector<double>(values.begin(), values.end()));
  return real > -9.2e18 && real < 9.2e18 ? static_cast<V>(static_cast<std::int64_t>(real)) : lowest;
}

// x's shape with the reduced axes 1.
Shape kept_shape(const op::Reduce& reduce, const Call& call) {
  const Shape& x = call.in(0).shape();
  const std::vector<std::int64_t> axes = call.has(1) ? to_integers(call.in(1)) : reduce.axes;
  if (axes.empty()) return reduce.noop_with_empty_axes ? x : Shape(x.size(), 1);
  Shape kept = x;
  for (const std::int64_t axis : axes) {
    kept[static_cast<std::size_t>(positive_axis(axis, static_cast<std::int64_t>(x.size())))] = 1;
  }
  return kept;
}

template <class T>
void reduce_integer_tensor(op::ReduceFn fn, const Shape& kept, const Call& call) {
  using V = Wide<T>;
  const auto x = elements<T>(call.in(0));
  const auto y = mutable_elements<T>(call.out());
  const auto groups = grouped(std::vector<V>(x.begin(), x.end()), call.in(0).shape(), kept);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    y[i] = static_cast<T>(
        reduce_integers<V>(fn, groups[i], std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max()));
  }
}

void run_reduce(const Op& op, const Call& call) {
  const auto& reduce = *op.as<op::Reduce>();
  const Tensor& x = call.in(0);
  const Shape kept = kept_shape(reduce, call);
  if (is_floating_point(x.dtype())) {
    std::vector<double> y;
    for (const auto& group : grouped(to_doubles(x), x.shape(), kept))
      y.push_back(reduce_floats(reduce.fn, group));
    store_doubles(y, call.out());
  } else if (x.dtype() == DataType::boolean) {
    std::vector<std::int64_t> y;
    for (const auto& group : grouped(to_integers(x), x.shape(), kept)) {
      y.push_back(reduce_integers<std::int64_t>(reduce.fn, group, 0, 1));
    }
    store_integers(y, call.out());
  } else {
    dispatch_integer(x.dtype(), [&](auto tag) {
      reduce_integer_tensor<typename decltype(tag)::type>(reduce.fn, kept, call);
    });
  }
}

}  // namespace
}  // namespace ref

void register_ref_reduce(ref::Registry& registry) {
  for (int i = 0; i < op::kReduceFnCount; ++i)
    registry.add(op::name(static_cast<op::ReduceFn>(i)), ref::run_reduce);
}

}  // namespace tenon
