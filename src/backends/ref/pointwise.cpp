// Every elementwise operator under its own name, and fused groups of them.
#include "ops/pointwise.hpp"

#include "backends/ref/pointwise_function.hpp"
#include "backends/ref/registry.hpp"
#include "ops/binary.hpp"
#include "ops/unary.hpp"

namespace tenon {
namespace ref {
namespace {

std::vector<Tensor> operand_tensors(const Call& call) {
  std::vector<Tensor> operands;
  for (const Data& input : call.inputs) operands.push_back(input.tensor());
  return operands;
}

void run_unary(const Op& op, const Call& call) {
  const auto& unary = *op.as<op::Unary>();
  apply_pointwise(unary.fn, unary.alpha, unary.beta, operand_tensors(call), call.out());
}

void run_binary(const Op& op, const Call& call) {
  const auto& binary = *op.as<op::Binary>();
  apply_pointwise(binary.fn, binary.alpha, binary.beta, operand_tensors(call), call.out());
}

void run_where(const Op&, const Call& call) {
  apply_pointwise(PointwiseFn::where, 0, 0, operand_tensors(call), call.out());
}

void run_pointwise(const Op& op, const Call& call) {
  call.outputs[0] = run_program(op.as<op::Pointwise>()->program, operand_tensors(call), call.out().shape());
}

}  // namespace
}  // namespace ref

void register_ref_pointwise(ref::Registry& registry) {
  for (int i = 0; i < pointwise_fn_count(); ++i) {
    const PointwiseInfo& row = info(static_cast<PointwiseFn>(i));
    registry.add(row.name, row.arity == 1   ? ref::run_unary
                           : row.arity == 2 ? ref::run_binary
                                            : ref::run_where);
  }
  registry.add("pointwise", ref::run_pointwise);
}

}  // namespace tenon
