// quantized_norm: the normalization, then its rounding.
#include "ops/quantized_norm.hpp"

#include "backends/ref/registry.hpp"
#include "ops/dynamic_quantize_linear.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/scalar.hpp"

#include <cstring>

namespace tenon {
namespace ref {
namespace {

void run_quantized_norm(const Op& op, const Call& call) {
  const auto& norm = *op.as<op::QuantizedNorm>();
  const std::vector<Data> floats = evaluate(norm.norm(), call.inputs);
  std::vector<Data> results;
  if (norm.dynamic) {
    results = evaluate(op::DynamicQuantizeLinear{}, floats, 3);
  } else {
    const std::vector<Data> operands = {floats[0],
                                        scalar_tensor(DataType::f32, static_cast<double>(norm.y_scale)),
                                        scalar_tensor(norm.output_dtype, static_cast<double>(norm.y_zero))};
    results = evaluate(op::QuantizeLinear{}, operands);
  }
  if (norm.floats) results.push_back(floats[0]);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Tensor& from = results[i].tensor();
    std::memcpy(call.out(i).mutable_data(), from.data(), from.size_bytes());
  }
}

}  // namespace
}  // namespace ref

void register_ref_quantized_norm(ref::Registry& registry) {
  registry.add(op::QuantizedNorm::kName, ref::run_quantized_norm);
}

}  // namespace tenon
