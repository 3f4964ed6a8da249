#include "ops/unique.hpp"

#include "backends/ref/elements.hpp"

#include <algorithm>
#include <numeric>

namespace tenon {
namespace ref {
namespace {

void run_unique(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Unique>();
  const Tensor& data = call.in(0);
  const std::int64_t axis = self.axis ? positive_axis(*self.axis, data.rank()) : 0;
  const AxisView view = self.axis ? axis_view(data.shape(), axis) : AxisView{1, data.elements(), 1};
  const auto compare = [&](std::int64_t a, std::int64_t b) {
    for (std::int64_t o = 0; o < view.outer; ++o) {
      for (std::int64_t i = 0; i < view.inner; ++i) {
        const auto at = [&](std::int64_t slice) { return (o * view.size + slice) * view.inner + i; };
        if (const int sign = compare_elements(data, at(a), at(b)); sign != 0) return sign;
      }
    }
    return 0;
  };
  // Equal slices stand together, the first occurrence in front.
  std::vector<std::int64_t> order(static_cast<std::size_t>(view.size));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return compare(a, b) < 0; });
  std::vector<std::vector<std::int64_t>> groups;
  for (const std::int64_t slice : order) {
    if (groups.empty() || compare(groups.back().front(), slice) != 0) groups.emplace_back();
    groups.back().push_back(slice);
  }
  if (!self.sorted) {
    std::sort(groups.begin(), groups.end(),
              [](const auto& a, const auto& b) { return a.front() < b.front(); });
  }

  const auto distinct = static_cast<std::int64_t>(groups.size());
  Shape shape{distinct};
  if (self.axis) {
    shape = data.shape();
    shape[static_cast<std::size_t>(axis)] = distinct;
  }
  Tensor values(data.dtype(), shape);
  Tensor indices(DataType::i64, {distinct});
  Tensor inverse(DataType::i64, {view.size});
  Tensor counts(DataType::i64, {distinct});
  for (std::int64_t g = 0; g < distinct; ++g) {
    const auto& members = groups[static_cast<std::size_t>(g)];
    for (std::int64_t o = 0; o < view.outer; ++o) {
      copy_elements(values, (o * distinct + g) * view.inner, data,
                    (o * view.size + members.front()) * view.inner, view.inner);
    }
    indices.mutable_values<std::int64_t>()[static_cast<std::size_t>(g)] = members.front();
    counts.mutable_values<std::int64_t>()[static_cast<std::size_t>(g)] =
        static_cast<std::int64_t>(members.size());
    for (const std::int64_t slice : members) {
      inverse.mutable_values<std::int64_t>()[static_cast<std::size_t>(slice)] = g;
    }
  }
  call.outputs[0] = std::move(values);
  call.outputs[1] = std::move(indices);
  call.outputs[2] = std::move(inverse);
  call.outputs[3] = std::move(counts);
}

}  // namespace
}  // namespace ref

void register_ref_unique(ref::Registry& registry) { registry.add("unique", ref::run_unique); }

}  // namespace tenon
