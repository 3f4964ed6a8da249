// Const: a blob of elements, or one string.
#include "base/text.hpp"
#include "importers/uff/node_context.hpp"

#include <fmt/format.h>

namespace tenon::uff {
namespace {

Tensor blob_tensor(NodeContext& node, std::string_view blob, DataType dtype, const Shape& shape) {
  const auto elements = static_cast<std::uint64_t>(element_count(shape));
  const auto width = static_cast<std::uint64_t>(bit_width(dtype)) / 8;
  if (blob.size() % width != 0 || blob.size() / width != elements) {
    node.fail(fmt::format("a tensor of type {}[{}] comes with {} bytes", name(dtype), fmt::join(shape, ","),
                          blob.size()));
  }
  return node.file().blobs->view(dtype, shape, blob);
}

Placed constant(NodeContext& node) {
  node.require_inputs(0, 0);
  const auto values = node.find_data("values");
  if (!values) node.fail("field 'values' is missing");
  Shape shape = node.find_ints("shape").value_or(Shape());
  if (values->kind == Data::Kind::string) {
    node.ignore_fields({"dtype"});
    if (element_count(shape) != 1) node.fail("several strings come as one");
    return {node.graph().add_constant(Tensor::strings(shape, {std::string(values->bytes)}))};
  }
  if (values->kind != Data::Kind::blob)
    node.fail(fmt::format("field 'values' is {}, expected a blob", kind_name(values->kind)));
  const auto dtype = node.find_dtype("dtype");
  if (!dtype) node.fail("field 'dtype' is missing");
  return {node.graph().add_constant(blob_tensor(node, values->bytes, *dtype, shape))};
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_const(uff::Registry& registry) { registry.add("Const", uff::constant); }

}  // namespace tenon
