#include "ops/multinomial.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Multinomial::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& logits = plain_tensor(context, 0);
  require_float(context, 0);
  require_rank(context, 0, 2);
  if (dtype != DataType::i32 && dtype != DataType::i64) {
    context.fail(fmt::format("dtype {}, expected i32 or i64", name(dtype)));
  }
  if (sample_size < 1) context.fail(fmt::format("sample_size is {}", sample_size));
  return {tensor_type(dtype, Dims{logits.dims ? (*logits.dims)[0] : Dim::unknown(), sample_size})};
}

}  // namespace op

void register_op_multinomial(OpRegistry& registry) { registry.add<op::Multinomial>(); }

}  // namespace tenon
