#include "ops/conv.hpp"

#include "backends/ref/correlate.hpp"
#include "backends/ref/epilogue.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

namespace tenon {
namespace ref {
namespace {

void run_conv(const Op& op, const Call& call) {
  const auto& conv = *op.as<op::Conv>();
  const Tensor& x = call.in(0);
  const Tensor& w = call.in(1);
  const CorrelateShape shape = correlate_shape(op::window_fields(conv), conv.group, x.shape(), w.shape());
  std::vector<double> y(static_cast<std::size_t>(call.out().elements()), 0.0);
  correlate<double>(shape, to_doubles(x), to_doubles(w), y);
  if (call.has(2)) add_channel_bias(to_doubles(call.in(2)), shape.batch, y);
  store_with_epilogue(y, x.dtype(), conv.epilogue, call, op::Conv::kFirstEpilogueOperand);
}

}  // namespace
}  // namespace ref

void register_ref_conv(ref::Registry& registry) { registry.add("conv", ref::run_conv); }

}  // namespace tenon
