#include "ops/conv_transpose.hpp"

#include "backends/ref/correlate.hpp"
#include "backends/ref/epilogue.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

namespace tenon {
namespace ref {
namespace {

void run_conv_transpose(const Op& op, const Call& call) {
  const auto& conv = *op.as<op::ConvTranspose>();
  const Tensor& x = call.in(0);
  const Tensor& w = call.in(1);
  CorrelateShape shape;
  shape.batch = x.shape()[0];
  shape.in_channels = x.shape()[1];
  shape.out_channels = call.out().shape()[1];
  shape.group = conv.group;
  shape.axes =
      op::resolve_conv_transpose(conv, std::span(x.shape()).subspan(2), std::span(w.shape()).subspan(2));
  std::vector<double> y(static_cast<std::size_t>(call.out().elements()), 0.0);
  correlate_transposed<double>(shape, to_doubles(x), to_doubles(w), y);
  if (call.has(2)) add_channel_bias(to_doubles(call.in(2)), shape.batch, y);
  store_with_epilogue(y, x.dtype(), conv.epilogue, call, op::ConvTranspose::kFirstEpilogueOperand);
}

}  // namespace
}  // namespace ref

void register_ref_conv_transpose(ref::Registry& registry) {
  registry.add("conv_transpose", ref::run_conv_transpose);
}

}  // namespace tenon
