#include "ops/cast.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Cast::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const DataType from = context.dtype(0);
  auto is_complex = [](DataType dtype) { return dtype == DataType::c64 || dtype == DataType::c128; };
  if ((is_complex(from) || is_complex(to)) && from != to) {
    context.fail(fmt::format("no conversion from {} to {}", name(from), name(to)));
  }
  const bool shape_like = to == DataType::i64 || to == DataType::i32;
  return {Inference(tensor_type(to, context.tensor(0).dims),
                    shape_like ? known_value(context, 0) : std::nullopt)};
}

}  // namespace op

void register_op_cast(OpRegistry& registry) { registry.add<op::Cast>(); }

}  // namespace tenon
