#include "backends/ref/scatter_combine.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"

#include <cmath>

namespace tenon::ref {
namespace {

template <class W>
W reduced(W a, W b, op::ScatterReduction reduction) {
  if constexpr (std::is_floating_point_v<W>) {
    if (std::isnan(a)) return a;
    if (std::isnan(b)) return b;
  }
  switch (reduction) {
    case op::ScatterReduction::none: return b;
    case op::ScatterReduction::min: return b < a ? b : a;
    case op::ScatterReduction::max: return a < b ? b : a;
    case op::ScatterReduction::add:
    case op::ScatterReduction::mul: break;
  }
  const bool add = reduction == op::ScatterReduction::add;
  if constexpr (std::is_floating_point_v<W>) {
    return add ? a + b : a * b;
  } else {
    const auto x = static_cast<std::uint64_t>(a);
    const auto y = static_cast<std::uint64_t>(b);
    return static_cast<W>(add ? x + y : x * y);
  }
}

}  // namespace

void combine(Tensor& to, std::int64_t to_index, const Tensor& from, std::int64_t from_index,
             op::ScatterReduction reduction) {
  if (reduction == op::ScatterReduction::none) return copy_elements(to, to_index, from, from_index);
  dispatch_numeric(to.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T& target = mutable_elements<T>(to)[static_cast<std::size_t>(to_index)];
    const T source = elements<T>(from)[static_cast<std::size_t>(from_index)];
    target = narrow<T>(reduced(widen(target), widen(source), reduction));
  });
}

}  // namespace tenon::ref
