// Operators with weights of integers, as the two operators that each is made of.
#include "ops/weight_only.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/registry.hpp"
#include "ops/dequantize_linear.hpp"

namespace tenon {
namespace ref {
namespace {

template <class Base>
void run_weight_only(const Op& op, const Call& call) {
  using Whole = op::WeightOnly<Base>;
  const auto& whole = *op.as<Whole>();
  op::DequantizeLinear dequantize;
  dequantize.axis = whole.axis;
  dequantize.block_size = whole.block_size;
  std::vector<Data> stored = {call.inputs[Whole::kWeights], call.inputs[Whole::kScale]};
  if (call.has(Whole::kZero)) stored.push_back(call.inputs[Whole::kZero]);
  std::vector<Data> operands = {call.inputs[Whole::kX], evaluate(dequantize, stored).front(),
                                call.inputs[Whole::kBias]};
  for (std::size_t i = Whole::kFirstEpilogueOperand; i < call.inputs.size(); ++i)
    operands.push_back(call.inputs[i]);
  copy_all(call.out(), evaluate(static_cast<const Base&>(whole), operands).front().tensor());
}

}  // namespace
}  // namespace ref

void register_ref_weight_only(ref::Registry& registry) {
  registry.add(op::WeightOnlyConv::kName, ref::run_weight_only<op::Conv>);
  registry.add(op::WeightOnlyConvTranspose::kName, ref::run_weight_only<op::ConvTranspose>);
  registry.add(op::WeightOnlyMatMul::kName, ref::run_weight_only<op::MatMul>);
}

}  // namespace tenon
