#include "ops/map_values.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> MapValues::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const Type& map = context.type(0);
  if (map.kind() != Type::Kind::map) context.fail(fmt::format("expected a map, found {}", map.to_string()));
  const bool texts = map.key() == DataType::string;
  if ((!texts && map.key() != DataType::i64) || !map.element().is_tensor())
    context.fail(fmt::format("expected a map from i64 or str to scalars, found {}", map.to_string()));
  const TensorType& value = map.element().as_tensor();
  if (value.dims && !value.dims->empty())
    context.fail(fmt::format("expected a map to scalars, found {}", map.to_string()));
  if (!(texts ? keys.empty() : string_keys.empty()))
    context.fail("the keys listed are not of the map's type");
  const std::size_t listed = keys.size() + string_keys.size();
  const Dim count = listed == 0 ? Dim::unknown() : Dim(static_cast<std::int64_t>(listed));
  return {tensor_type(value.dtype, Dims{Dim(1), count})};
}

std::vector<Inference> ZipMap::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& x = plain_tensor(context, 0);
  context.require_dtype(0, {DataType::f32});
  if (keys.empty() == string_keys.empty()) context.fail("expected one list of keys");
  const auto count = static_cast<std::int64_t>(keys.size() + string_keys.size());
  if (x.dims) {
    if (x.dims->empty() || x.dims->size() > 2)
      context.fail(fmt::format("expected rank 1 or 2, found {}", to_string(*x.dims)));
    const Dim& columns = x.dims->back();
    if (columns.is_const() && columns.value() != count)
      context.fail(fmt::format("{} keys for {} columns", count, columns.value()));
  }
  const DataType key = keys.empty() ? DataType::string : DataType::i64;
  return {Type::sequence(Type::map(key, Type::tensor(DataType::f32, Dims{})))};
}

}  // namespace op

void register_op_map_values(OpRegistry& registry) {
  registry.add<op::MapValues>();
  registry.add<op::ZipMap>();
}

}  // namespace tenon
