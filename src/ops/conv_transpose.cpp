#include "ops/conv_transpose.hpp"

#include "base/check.hpp"
#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace op {
namespace {

bool is_same_pad(AutoPad pad) { return pad == AutoPad::same_upper || pad == AutoPad::same_lower; }

std::int64_t entry(const std::vector<std::int64_t>& list, std::size_t i, std::int64_t otherwise) {
  return list.empty() ? otherwise : list[i];
}

// Size before padding is cut off.
template <class Size>
Size full_size(const ConvTranspose& op, std::size_t i, const Size& input, std::int64_t kernel) {
  const std::int64_t extent = (kernel - 1) * entry(op.dilation, i, 1) + 1;
  return (input - Size(1)) * Size(entry(op.stride, i, 1)) + Size(extent + entry(op.output_padding, i, 0));
}

Dim output_dim(const ConvTranspose& op, std::size_t i, std::size_t spatial, const Dim& input,
               const Dim& kernel) {
  if (!op.output_shape.empty()) return op.output_shape[i];
  if (is_same_pad(op.auto_pad)) return input * Dim(entry(op.stride, i, 1));
  if (!kernel.is_const()) return Dim::unknown();
  Dim full = full_size(op, i, input, kernel.value());
  if (op.auto_pad == AutoPad::valid) return full;
  return full - Dim(entry(op.pad, i, 0) + entry(op.pad, spatial + i, 0));
}

void check_fields(const InferContext& context, const ConvTranspose& op, std::size_t spatial) {
  check_window_fields(context, window_fields(op), spatial);
  for (const auto* list : {&op.output_padding, &op.output_shape}) {
    const bool fits = list->empty() || list->size() == spatial;
    if (!fits ||
        std::any_of(list->begin(), list->end(), [](std::int64_t v) { return v < 0 || v > kMaxGeometry; })) {
      context.fail(fmt::format("output_padding and output_shape: expected {} numbers of 0 to {}", spatial,
                               kMaxGeometry));
    }
  }
  if (op.group < 1 || op.group > kMaxGeometry) context.fail(fmt::format("group {}", op.group));
}

}  // namespace

Dims conv_transpose_output_dims(const InferContext& context, const ConvTranspose& op, const Dims& x,
                                const Dims& w) {
  if (x.size() < 3 || w.size() != x.size()) {
    context.fail(fmt::format("expected x [N, C, spatial…] and w [C, M/group, kernel…], found {} and {}",
                             to_string(x), to_string(w)));
  }
  const std::size_t spatial = x.size() - 2;
  check_fields(context, op, spatial);
  const Dim channels = merge_dim(context, x[1], w[0], "channels of x and of w:");
  if (channels.is_const() && channels.value() % op.group != 0) {
    context.fail(fmt::format("{} channels cannot be divided into {} groups", channels.value(), op.group));
  }
  Dims result{x[0], w[1] * Dim(op.group)};
  for (std::size_t i = 0; i < spatial; ++i) {
    result.push_back(output_dim(op, i, spatial, x[2 + i], w[2 + i]));
    if (result.back().is_const() && result.back().value() < 0) {
      context.fail(fmt::format("padding leaves an output of {} elements", result.back().value()));
    }
  }
  return result;
}

std::vector<Inference> ConvTranspose::infer(InferContext& context) const {
  context.require_inputs(2, kFirstEpilogueOperand + std::max<std::size_t>(epilogue.inputs, 1) - 1);
  require_float(context, 0);
  context.require_same_dtype(0, 1);
  TensorType result;
  result.dtype = context.dtype(0);
  if (context.has_rank(0) && context.has_rank(1))
    result.dims = conv_transpose_output_dims(context, *this, context.dims(0), context.dims(1));
  if (context.has(2)) {
    context.require_same_dtype(0, 2);
    require_rank(context, 2, 1);
    if (context.has_rank(2) && result.dims)
      merge_dim(context, context.dims(2)[0], (*result.dims)[1], "bias and output channels");
  }
  return {infer_epilogue(context, epilogue, result, kFirstEpilogueOperand)};
}

std::vector<ValueId> ConvTranspose::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  return split_epilogue(*this, builder, inputs);
}

std::vector<WindowAxis> resolve_conv_transpose(const ConvTranspose& op, std::span<const std::int64_t> input,
                                               std::span<const std::int64_t> kernel) {
  std::vector<WindowAxis> axes;
  for (std::size_t i = 0; i < input.size(); ++i) {
    WindowAxis axis;
    axis.input = input[i];
    axis.kernel = kernel[i];
    axis.stride = entry(op.stride, i, 1);
    axis.dilation = entry(op.dilation, i, 1);
    const std::int64_t full = full_size(op, i, axis.input, axis.kernel);
    if (!op.output_shape.empty() || is_same_pad(op.auto_pad)) {
      axis.output = op.output_shape.empty() ? axis.input * axis.stride : op.output_shape[i];
      const std::int64_t total = std::max<std::int64_t>(0, full - axis.output);
      axis.pad_begin = op.auto_pad == AutoPad::same_upper ? total / 2 : total - total / 2;
      axis.pad_end = total - axis.pad_begin;
    } else {
      if (op.auto_pad == AutoPad::explicit_pads) {
        axis.pad_begin = entry(op.pad, i, 0);
        axis.pad_end = entry(op.pad, input.size() + i, 0);
      }
      axis.output = full - axis.pad_begin - axis.pad_end;
      TENON_REQUIRE(axis.output >= 0, "conv_transpose: padding leaves an output of {} elements", axis.output);
    }
    axes.push_back(axis);
  }
  return axes;
}

}  // namespace op

void register_op_conv_transpose(OpRegistry& registry) { registry.add<op::ConvTranspose>(); }

}  // namespace tenon
