#include "ops/byte_table.hpp"

#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/gather.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/scalar.hpp"

namespace tenon {
namespace op {

std::vector<Inference> ByteTable::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  for (const std::size_t i : {0, 1}) context.require_dtype(i, {DataType::i8, DataType::u8});
  require_rank(context, 1, 1);
  if (context.has_rank(1)) merge_dim(context, context.dims(1)[0], Dim(kSize), "table and bytes:");
  return {tensor_type(context.dtype(1), context.tensor(0).dims)};
}

std::vector<ValueId> ByteTable::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  const ValueId index = builder.add(Cast{DataType::i32}, {inputs[0]});
  const ValueId mask = builder.add_constant(scalar_tensor(DataType::i32, kSize - 1));
  Gather gather;
  gather.axis = 0;
  return {builder.add(gather, {inputs[1], builder.add(binary(PointwiseFn::bit_and), {index, mask})})};
}

}  // namespace op

void register_op_byte_table(OpRegistry& registry) { registry.add<op::ByteTable>(); }

}  // namespace tenon
