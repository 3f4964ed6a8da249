// arg_max, arg_min, cum_sum, cum_prod.
#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"
#include "ops/arg_extreme.hpp"
#include "ops/cumulative.hpp"

namespace tenon {
namespace ref {
namespace {

template <class T>
void find_extreme(const Call& call, std::int64_t axis, bool largest, bool select_last) {
  const Shape& shape = call.in(0).shape();
  const AxisView view = axis_view(shape, positive_axis(axis, static_cast<std::int64_t>(shape.size())));
  const auto x = elements<T>(call.in(0));
  const auto y = mutable_elements<std::int64_t>(call.out());
  for (std::int64_t i = 0; i < view.outer * view.inner; ++i) {
    const std::int64_t base = i / view.inner * view.size * view.inner + i % view.inner;
    auto value = [&](std::int64_t k) { return widen(x[static_cast<std::size_t>(base + k * view.inner)]); };
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < view.size; ++k) {
      const bool better = largest ? value(k) > value(best) : value(k) < value(best);
      if (better || (select_last && value(k) == value(best))) best = k;
    }
    y[static_cast<std::size_t>(i)] = best;
  }
}

template <class O>
void run_arg(const O& op, const Call& call, bool largest) {
  dispatch_numeric(call.in(0).dtype(), [&](auto tag) {
    find_extreme<typename decltype(tag)::type>(call, op.axis, largest, op.select_last);
  });
}

void run_arg_max(const Op& op, const Call& call) { run_arg(*op.as<op::ArgMax>(), call, true); }
void run_arg_min(const Op& op, const Call& call) { run_arg(*op.as<op::ArgMin>(), call, false); }

template <class T>
void accumulate(const Call& call, bool exclusive, bool reverse, bool product) {
  using V = std::conditional_t<kIsFloat<T>, double, std::uint64_t>;
  const Shape& shape = call.in(0).shape();
  const std::int64_t axis = to_integers(call.in(1))[0];
  const AxisView view = axis_view(shape, positive_axis(axis, static_cast<std::int64_t>(shape.size())));
  const auto x = elements<T>(call.in(0));
  const auto y = mutable_elements<T>(call.out());
  for (std::int64_t i = 0; i < view.outer * view.inner; ++i) {
    const std::int64_t base = i / view.inner * view.size * view.inner + i % view.inner;
    V running = product ? 1 : 0;
    for (std::int64_t step = 0; step < view.size; ++step) {
      const std::int64_t k = reverse ? view.size - 1 - step : step;
      const auto at = static_cast<std::size_t>(base + k * view.inner);
      const V before = running;
      const auto value = static_cast<V>(widen(x[at]));
      running = product ? running * value : running + value;
      y[at] = narrow<T>(static_cast<Wide<T>>(exclusive ? before : running));
    }
  }
}

template <class O>
void run_cumulative(const O& op, const Call& call, bool product) {
  dispatch_numeric(call.in(0).dtype(), [&](auto tag) {
    accumulate<typename decltype(tag)::type>(call, op.exclusive, op.reverse, product);
  });
}

void run_cum_sum(const Op& op, const Call& call) { run_cumulative(*op.as<op::CumSum>(), call, false); }
void run_cum_prod(const Op& op, const Call& call) { run_cumulative(*op.as<op::CumProd>(), call, true); }

}  // namespace
}  // namespace ref

void register_ref_axis_ops(ref::Registry& registry) {
  registry.add("arg_max", ref::run_arg_max);
  registry.add("arg_min", ref::run_arg_min);
  registry.add("cum_sum", ref::run_cum_sum);
  registry.add("cum_prod", ref::run_cum_prod);
}

}  // namespace tenon
