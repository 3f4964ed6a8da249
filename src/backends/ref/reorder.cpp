#include "ops/reorder.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/pointwise_function.hpp"

namespace tenon {
namespace ref {
namespace {

// Where the element at a logical index lies in the stored array with these strides.
std::int64_t stored_offset(const Layout& layout, const std::vector<std::int64_t>& strides,
                           std::span<const std::int64_t> index) {
  std::vector<std::int64_t> rest(index.begin(), index.end());
  std::int64_t offset = 0;
  for (std::size_t i = layout.blocks.size(); i-- > 0;) {
    std::int64_t& position = rest[static_cast<std::size_t>(layout.blocks[i].axis)];
    offset += position % layout.blocks[i].size * strides[rest.size() + i];
    position /= layout.blocks[i].size;
  }
  for (std::size_t i = 0; i < rest.size(); ++i) {
    offset += rest[layout.order.empty() ? i : static_cast<std::size_t>(layout.order[i])] * strides[i];
  }
  return offset;
}

void run_reorder(const Op& op, const Call& call) {
  const auto& self = *op.as<op::Reorder>();
  const Layout from = Layout::parse(self.from);
  const Layout to = Layout::parse(self.to);
  const Shape& stored = call.in(0).shape();
  Shape logical;
  for (const Dim& dim : op::logical_dims(from, Dims(stored.begin(), stored.end()), self.extents)) {
    logical.push_back(dim.value());
  }
  const std::vector<std::int64_t> to_strides = strides_of(call.out().shape());
  const std::vector<std::int64_t> from_strides = strides_of(stored);
  Tensor source = call.in(0);
  if (source.dtype() != call.out().dtype()) {
    source = Tensor(call.out().dtype(), stored);
    cast_tensor(call.in(0), source, false);
  }
  clear(call.out());
  for_each_index(logical, [&](std::span<const std::int64_t> index) {
    copy_elements(call.out(), stored_offset(to, to_strides, index), source,
                  stored_offset(from, from_strides, index));
  });
}

}  // namespace
}  // namespace ref

void register_ref_reorder(ref::Registry& registry) { registry.add("reorder", ref::run_reorder); }

}  // namespace tenon
