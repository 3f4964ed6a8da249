#include "ops/stft.hpp"

#include "ops/dft.hpp"
#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Stft::infer(InferContext& context) const {
  context.require_inputs(2, 4);
  const TensorType& signal = plain_tensor(context, 0);
  require_float(context, 0);
  require_rank(context, 0, 3);
  for (const std::size_t i : {1U, 3U}) {
    if (!context.has(i)) continue;
    require_index_dtype(context, i);
    require_one_element(context, i);
  }
  Dim samples = Dim::unknown();
  Dim batch = Dim::unknown();
  if (signal.dims) {
    batch = (*signal.dims)[0];
    samples = (*signal.dims)[1];
    const Dim& parts = (*signal.dims)[2];
    if (parts.is_const() && !parts.is_const(1) && !parts.is_const(2))
      context.fail(fmt::format("the last dim is {}, expected 1 (real) or 2 (complex)", parts.value()));
    if (onesided && parts.is_const(2)) context.fail("a one-sided transform takes real numbers");
  }
  Dim length = context.has(3) ? known_scalar(context, 3).value_or(Dim::unknown()) : samples;
  if (context.has(2)) {
    context.require_same_dtype(0, 2);
    require_rank(context, 2, 1);
    if (context.has_rank(2))
      length = context.has(3) ? merge_dim(context, length, context.dims(2)[0], "length of frame and window")
                              : context.dims(2)[0];
  }
  if (length.is_const() && (length.value() < 1 || length.value() > kMaxTransform))
    context.fail(fmt::format("the frames have {} samples, expected 1 to {}", length.value(), kMaxTransform));
  const Dim step = known_scalar(context, 1).value_or(Dim::unknown());
  if (step.is_const() && step.value() < 1) context.fail(fmt::format("the step is {}", step.value()));
  if (samples.is_const() && length.is_const() && samples.value() < length.value()) {
    context.fail(
        fmt::format("frames of {} samples of a signal that has {}", length.value(), samples.value()));
  }
  const Dim frames =
      step.is_unknown() || length.is_unknown() ? Dim::unknown() : floor_div(samples - length, step) + 1;
  return {tensor_type(signal.dtype, Dims{batch, frames, onesided ? floor_div(length, 2) + 1 : length, 2})};
}

}  // namespace op

void register_op_stft(OpRegistry& registry) { registry.add<op::Stft>(); }

}  // namespace tenon
