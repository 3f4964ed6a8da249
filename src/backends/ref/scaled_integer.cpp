// Sums of integers times a factor: the integer operator, then a product in f32.
#include "ops/scaled_integer.hpp"

#include "backends/ref/registry.hpp"

namespace tenon {
namespace ref {
namespace {

// `inner`: elements of the result that share a channel and lie side by side.
void scale_sums(const Op& integer, const Call& call, std::size_t inner) {
  std::vector<Data> operands = {call.inputs[0], call.inputs[1]};
  if (call.has(3)) operands.push_back(call.inputs[3]);
  const std::vector<Data> result = evaluate(integer, operands);
  const auto sums = result.front().tensor().values<std::int32_t>();
  const auto multiplier = call.in(2).values<float>();
  const auto y = call.out().mutable_values<float>();
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = static_cast<float>(sums[i]) * multiplier[i / inner % multiplier.size()];
}

void run_scaled_conv(const Op& op, const Call& call) {
  std::size_t inner = 1;
  for (std::size_t i = 2; i < call.out().shape().size(); ++i)
    inner *= static_cast<std::size_t>(call.out().shape()[i]);
  scale_sums(static_cast<const op::ConvInteger&>(*op.as<op::ScaledConvInteger>()), call, inner);
}

void run_scaled_matmul(const Op&, const Call& call) { scale_sums(op::MatMulInteger{}, call, 1); }

}  // namespace
}  // namespace ref

void register_ref_scaled_integer(ref::Registry& registry) {
  registry.add(op::ScaledConvInteger::kName, ref::run_scaled_conv);
  registry.add(op::ScaledMatMulInteger::kName, ref::run_scaled_matmul);
}

}  // namespace tenon
