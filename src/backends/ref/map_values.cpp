#include "ops/map_values.hpp"

#include "backends/ref/elements.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <numeric>

namespace tenon {
namespace ref {
namespace {

// Values as one list, whichever way the map holds them.
Tensor list_of(const Data& values) {
  if (values.is_tensor()) return values.tensor();
  std::vector<Tensor> scalars;
  for (const Data& element : values.sequence().elements) scalars.push_back(element.tensor());
  return scalars.empty() ? Tensor() : stack(scalars, 0);
}

template <class Key>
void select(const std::vector<Key>& wanted, std::span<const Key> keys, const Tensor& values, Tensor& out) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto at = std::find(keys.begin(), keys.end(), wanted[i]);
    if (at != keys.end()) copy_elements(out, static_cast<std::int64_t>(i), values, at - keys.begin());
  }
}

void run_map_values(const Op& op, const Call& call) {
  const auto& self = *op.as<op::MapValues>();
  const MapData& map = call.inputs[0].map();
  const Tensor values = list_of(*map.values);
  Tensor& out = call.out();
  if (self.keys.empty() && self.string_keys.empty()) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(map.keys.elements()));
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](std::int64_t a, std::int64_t b) { return compare_elements(map.keys, a, b) < 0; });
    out = Tensor(out.dtype(), {1, map.keys.elements()});
    for (std::size_t i = 0; i < order.size(); ++i)
      copy_elements(out, static_cast<std::int64_t>(i), values, order[i]);
    return;
  }
  if (out.dtype() == DataType::string) {
    for (std::string& text : out.mutable_values<std::string>()) text = self.absent;
  }
  if (map.keys.dtype() == DataType::string) {
    select<std::string>(self.string_keys, map.keys.values<std::string>(), values, out);
  } else {
    select<std::int64_t>(self.keys, map.keys.values<std::int64_t>(), values, out);
  }
}

void run_zip_map(const Op& op, const Call& call) {
  const auto& self = *op.as<op::ZipMap>();
  const Tensor& x = call.in(0);
  const Tensor keys =
      self.keys.empty()
          ? Tensor::strings({static_cast<std::int64_t>(self.string_keys.size())}, self.string_keys)
          : Tensor::of<std::int64_t>({static_cast<std::int64_t>(self.keys.size())}, self.keys);
  const std::int64_t columns = keys.elements();
  const std::int64_t rows = x.rank() == 1 ? 1 : x.shape()[0];
  TENON_REQUIRE(x.elements() == rows * columns, "zip_map: {} keys for {} rows of {} numbers in all", columns,
                rows, x.elements());
  SequenceData sequence;
  for (std::int64_t row = 0; row < rows; ++row) {
    Tensor values(DataType::f32, {columns});
    copy_elements(values, 0, x, row * columns, columns);
    sequence.elements.emplace_back(make_map(keys, values));
  }
  call.outputs[0] = std::move(sequence);
}

}  // namespace
}  // namespace ref

void register_ref_map_values(ref::Registry& registry) {
  registry.add("map_values", ref::run_map_values);
  registry.add("zip_map", ref::run_zip_map);
}

}  // namespace tenon
