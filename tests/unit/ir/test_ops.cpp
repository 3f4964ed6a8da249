#include "unit/ir/test_ops.hpp"

#include "ir/constant.hpp"
#include "ir/parser.hpp"

namespace tenon::test {

std::vector<Inference> Same::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  Inference result(context.type(0));
  if (const Dims* value = context.symbolic_value(0)) result.value = *value;
  return {result};
}

std::vector<Inference> Sum::infer(InferContext& context) const {
  context.require_inputs(2, 3);
  if (!(context.type(0) == context.type(1))) context.fail("the operands have different types");
  return {context.type(0)};
}

std::vector<Inference> Fork::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  return std::vector<Inference>(std::max<std::size_t>(context.output_count(), 1), Inference(context.type(0)));
}

std::vector<Inference> Call::infer(InferContext& context) const {
  std::vector<Inference> results;
  for (Type& type : context.region_results(0)) results.emplace_back(std::move(type));
  return results;
}

std::vector<Inference> Quantize::infer(InferContext& context) const {
  context.require_inputs(2, 3);
  TensorType type = context.tensor(0);
  type.dtype = DataType::i8;
  type.quant.scheme = Quantization::Scheme::per_tensor;
  type.quant.scale = context.id(1);
  type.quant.zero_point = context.id(2);
  return {type};
}

std::vector<Inference> Kitchen::infer(InferContext& context) const {
  context.require_inputs(0, 0);
  return {Type::tensor(dtype, {})};
}

const OpRegistry& test_ops() {
  static const OpRegistry registry = [] {
    OpRegistry filled;
    filled.add<op::Constant>();
    filled.add<Same>();
    filled.add<Sum>();
    filled.add<Fork>();
    filled.add<Call>();
    filled.add<Quantize>();
    filled.add<Kitchen>();
    return filled;
  }();
  return registry;
}

Graph graph_of(std::string_view text) { return parse(text, test_ops()); }

}  // namespace tenon::test
