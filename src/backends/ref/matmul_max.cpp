// matmul_max, as the two operators that it is made of.
#include "ops/matmul_max.hpp"

#include "backends/ref/elements.hpp"
#include "backends/ref/registry.hpp"
#include "ops/matmul.hpp"
#include "ops/reduce.hpp"

namespace tenon {
namespace ref {
namespace {

void run_matmul_max(const Op& op, const Call& call) {
  const auto& whole = *op.as<op::MatMulMax>();
  op::MatMul product;
  product.epilogue = whole.epilogue;
  op::Reduce largest;
  largest.fn = op::ReduceFn::max;
  largest.axes = {-2};
  largest.keep_dims = whole.keep_dims;
  const std::vector<Data> rows = evaluate(product, call.inputs);
  copy_all(call.out(), evaluate(largest, rows).front().tensor());
}

}  // namespace
}  // namespace ref

void register_ref_matmul_max(ref::Registry& registry) { registry.add("matmul_max", ref::run_matmul_max); }

}  // namespace tenon
