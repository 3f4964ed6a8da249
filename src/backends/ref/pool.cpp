// max_pool, average_pool, lp_pool and the global pools.
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"
#include "backends/ref/windows.hpp"
#include "ops/average_pool.hpp"
#include "ops/global_pool.hpp"
#include "ops/lp_pool.hpp"
#include "ops/max_pool.hpp"

#include <algorithm>
#include <limits>

namespace tenon {
namespace ref {
namespace {

template <class T>
std::vector<op::WindowAxis> axes_of(const T& pool, const Shape& x) {
  return op::resolve_window(op::window_fields(pool), std::span(x).subspan(2), pool.kernel);
}

// Row-major position of an element of a plane → position with the spatial axes in reverse order.
std::int64_t column_major_position(std::int64_t offset, const std::vector<op::WindowAxis>& axes) {
  std::vector<std::int64_t> index(axes.size());
  for (std::size_t d = axes.size(); d-- > 0;) {
    index[d] = offset % axes[d].input;
    offset /= axes[d].input;
  }
  std::int64_t position = 0;
  for (std::size_t d = axes.size(); d-- > 0;) position = position * axes[d].input + index[d];
  return position;
}

template <class T>
void max_pool(const op::MaxPool& pool, const Call& call) {
  const Tensor& x = call.in(0);
  const auto axes = axes_of(pool, x.shape());
  const auto from = elements<T>(x);
  const auto y = mutable_elements<T>(call.out());
  const bool with_indices = call.outputs.size() > 1;
  for_each_window(axes, x.shape(), [&](std::int64_t plane, const Window& window, std::int64_t output) {
    const auto at = static_cast<std::size_t>(output);
    if (window.offsets.empty()) {
      if constexpr (kIsFloat<T>) y[at] = narrow<T>(-std::numeric_limits<double>::infinity());
      if constexpr (!kIsFloat<T>) y[at] = std::numeric_limits<T>::lowest();
      if (with_indices) mutable_elements<std::int64_t>(call.out(1))[at] = -1;
      return;
    }
    std::int64_t best = window.offsets.front();
    auto value = [&](std::int64_t offset) { return widen(from[static_cast<std::size_t>(plane + offset)]); };
    for (const std::int64_t offset : window.offsets) {
      if (value(offset) > value(best)) best = offset;
      if constexpr (kIsFloat<T>) {
        if (std::isnan(value(offset)) && !std::isnan(value(best))) best = offset;
      }
    }
    y[at] = from[static_cast<std::size_t>(plane + best)];
    if (with_indices) {
      mutable_elements<std::int64_t>(call.out(1))[at] =
          plane + (pool.column_major ? column_major_position(best, axes) : best);
    }
  });
}

void run_max_pool(const Op& op, const Call& call) {
  const auto& pool = *op.as<op::MaxPool>();
  dispatch_numeric(call.in(0).dtype(), [&](auto tag) { max_pool<typename decltype(tag)::type>(pool, call); });
}

void run_average_pool(const Op& op, const Call& call) {
  const auto& pool = *op.as<op::AveragePool>();
  const Tensor& x = call.in(0);
  const std::vector<double> from = to_doubles(x);
  std::vector<double> y(static_cast<std::size_t>(call.out().elements()));
  for_each_window(axes_of(pool, x.shape()), x.shape(),
                  [&](std::int64_t plane, const Window& window, std::int64_t output) {
                    double sum = 0;
                    for (const std::int64_t offset : window.offsets)
                      sum += from[static_cast<std::size_t>(plane + offset)];
                    const auto inside = static_cast<std::int64_t>(window.offsets.size());
                    y[static_cast<std::size_t>(output)] =
                        sum / static_cast<double>(pool.count_include_pad ? window.padded_count : inside);
                  });
  store_doubles(y, call.out());
}

double lp_length(std::span<const double> values, std::int64_t p) {
  double sum = 0;
  for (const double value : values) sum += std::pow(std::fabs(value), static_cast<double>(p));
  return std::pow(sum, 1.0 / static_cast<double>(p));
}

void run_lp_pool(const Op& op, const Call& call) {
  const auto& pool = *op.as<op::LpPool>();
  const Tensor& x = call.in(0);
  const std::vector<double> from = to_doubles(x);
  std::vector<double> y(static_cast<std::size_t>(call.out().elements()));
  for_each_window(axes_of(pool, x.shape()), x.shape(),
                  [&](std::int64_t plane, const Window& window, std::int64_t output) {
                    std::vector<double> values;
                    for (const std::int64_t offset : window.offsets)
                      values.push_back(from[static_cast<std::size_t>(plane + offset)]);
                    y[static_cast<std::size_t>(output)] = lp_length(values, pool.p);
                  });
  store_doubles(y, call.out());
}

// y = f(elements of one plane) for each plane.
template <class F>
void pool_planes(const Call& call, F&& f) {
  const std::vector<double> x = to_doubles(call.in(0));
  std::vector<double> y(static_cast<std::size_t>(call.out().elements()));
  const std::size_t plane = y.empty() ? 0 : x.size() / y.size();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = f(std::span(x).subspan(i * plane, plane));
  store_doubles(y, call.out());
}

void run_global_average_pool(const Op&, const Call& call) {
  pool_planes(call, [](std::span<const double> plane) {
    double sum = 0;
    for (const double value : plane) sum += value;
    return sum / static_cast<double>(plane.size());
  });
}

void run_global_max_pool(const Op&, const Call& call) {
  pool_planes(call, [](std::span<const double> plane) {
    double best = -std::numeric_limits<double>::infinity();
    for (const double value : plane) best = std::isnan(value) || value > best ? value : best;
    return best;
  });
}

void run_global_lp_pool(const Op& op, const Call& call) {
  pool_planes(call,
              [&](std::span<const double> plane) { return lp_length(plane, op.as<op::GlobalLpPool>()->p); });
}

}  // namespace
}  // namespace ref

void register_ref_pool(ref::Registry& registry) {
  registry.add("max_pool", ref::run_max_pool);
  registry.add("average_pool", ref::run_average_pool);
  registry.add("lp_pool", ref::run_lp_pool);
  registry.add("global_average_pool", ref::run_global_average_pool);
  registry.add("global_max_pool", ref::run_global_max_pool);
  registry.add("global_lp_pool", ref::run_global_lp_pool);
}

}  // namespace tenon
