#include "ops/einsum.hpp"

#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

#include <algorithm>
#include <map>

namespace tenon {
namespace ref {
namespace {

// All labels, those of the result first, with their sizes and each operand's stride along them.
struct EinsumLoops {
  std::vector<std::int64_t> sizes;
  std::size_t outer = 0;  // labels of the result
  std::vector<std::vector<std::int64_t>> strides;
};

EinsumLoops einsum_loops(const op::EinsumPlan& plan, const Call& call) {
  std::vector<int> labels = plan.output;
  for (const auto& operand : plan.operands) {
    for (const int label : operand) {
      if (std::find(labels.begin(), labels.end(), label) == labels.end()) labels.push_back(label);
    }
  }
  EinsumLoops loops;
  loops.outer = plan.output.size();
  loops.sizes.assign(labels.size(), 1);
  for (std::size_t o = 0; o < plan.operands.size(); ++o) {
    const Shape& shape = call.in(o).shape();
    const std::vector<std::int64_t> own = strides_of(shape);
    std::vector<std::int64_t>& strides = loops.strides.emplace_back(labels.size(), 0);
    for (std::size_t k = 0; k < shape.size(); ++k) {
      const auto at = static_cast<std::size_t>(std::find(labels.begin(), labels.end(), plan.operands[o][k]) -
                                               labels.begin());
      if (shape[k] == 1) continue;
      loops.sizes[at] = shape[k];
      strides[at] += own[k];
    }
  }
  return loops;
}

template <class T>
void sum_products(const EinsumLoops& loops, const Call& call) {
  const auto y = mutable_elements<T>(call.out());
  const std::span<const std::int64_t> outer(loops.sizes.data(), loops.outer);
  const std::span<const std::int64_t> inner(loops.sizes.data() + loops.outer,
                                            loops.sizes.size() - loops.outer);
  std::size_t position = 0;
  for_each_index(outer, [&](std::span<const std::int64_t> at) {
    using V = std::conditional_t<kIsFloat<T>, double, std::uint64_t>;
    V sum = 0;
    for_each_index(inner, [&](std::span<const std::int64_t> along) {
      V product = 1;
      for (std::size_t o = 0; o < loops.strides.size(); ++o) {
        const std::span<const std::int64_t> strides = loops.strides[o];
        const std::int64_t offset =
            dot(at, strides.first(loops.outer)) + dot(along, strides.subspan(loops.outer));
        product *= static_cast<V>(widen(elements<T>(call.in(o))[static_cast<std::size_t>(offset)]));
      }
      sum += product;
    });
    y[position++] = narrow<T>(static_cast<Wide<T>>(sum));
  });
}

void run_einsum(const Op& op, const Call& call) {
  std::vector<std::size_t> ranks;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) ranks.push_back(call.in(i).shape().size());
  const EinsumLoops loops = einsum_loops(op::parse_einsum(op.as<op::Einsum>()->equation, ranks), call);
  dispatch_numeric(call.out().dtype(),
                   [&](auto tag) { sum_products<typename decltype(tag)::type>(loops, call); });
}

}  // namespace
}  // namespace ref

void register_ref_einsum(ref::Registry& registry) { registry.add("einsum", ref::run_einsum); }

}  // namespace tenon
