// conv_transpose of stride 1 → conv, with the weights' taps turned round and their first two axes exchanged:
//
//   y[o] = Σ_k w[k] · x[o + pad - k·dilation]  =  Σ_k w[K-1-k] · x[o - ((K-1)·dilation - pad) + k·dilation]
//
// for constant weights.
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "passes/rules/match.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::rules {
namespace {

using Pads = std::vector<std::int64_t>;

bool has_unit_stride(const op::ConvTranspose& op) {
  return std::all_of(op.stride.begin(), op.stride.end(), [](std::int64_t s) { return s == 1; });
}

// The convolution's padding; nothing when it follows from the image's size, or is negative.
std::optional<Pads> convolution_pads(const op::ConvTranspose& op, std::span<const std::int64_t> kernel) {
  if (!op.output_shape.empty()) return std::nullopt;
  if (op.auto_pad != op::AutoPad::explicit_pads && op.auto_pad != op::AutoPad::valid) return std::nullopt;
  const std::size_t axes = kernel.size();
  const bool padded = op.auto_pad == op::AutoPad::explicit_pads && !op.pad.empty();
  Pads pads;
  for (std::size_t i = 0; i < 2 * axes; ++i) {
    const std::int64_t dilation = op.dilation.empty() ? 1 : op.dilation[i % axes];
    std::int64_t pad = (kernel[i % axes] - 1) * dilation - (padded ? op.pad[i] : 0);
    if (i >= axes && !op.output_padding.empty()) pad += op.output_padding[i - axes];
    if (pad < 0) return std::nullopt;
    pads.push_back(pad);
  }
  return pads;
}

// [C, M/group, taps…] → [M, C/group, taps…].
Tensor turned(const Tensor& w, std::int64_t group) {
  Shape shape = w.shape();
  const std::int64_t in = shape[0] / group, out = shape[1];
  shape[0] = out * group;
  shape[1] = in;
  Tensor result(w.dtype(), shape);
  const std::int64_t taps = in * out == 0 ? 0 : w.elements() / (in * out * group);
  const std::size_t element = w.elements() == 0 ? 0 : w.size_bytes() / static_cast<std::size_t>(w.elements());
  std::byte* to = result.mutable_data();
  for (std::int64_t m = 0; m < shape[0]; ++m) {
    for (std::int64_t c = 0; c < in; ++c) {
      const std::int64_t from = (m / out * in + c) * out + m % out;
      for (std::int64_t tap = taps; tap-- > 0; to += element)
        std::memcpy(to, w.data() + static_cast<std::size_t>(from * taps + tap) * element, element);
    }
  }
  return result;
}

std::optional<Patch> unstrided_conv_transpose(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const auto& transposed = *node.op.as<op::ConvTranspose>();
  const Tensor* w = graph.constant(node.inputs[1]);
  if (w == nullptr || w->rank() < 3 || !has_unit_stride(transposed)) return std::nullopt;
  const auto pads = convolution_pads(transposed, std::span(w->shape()).subspan(2));
  if (!pads) return std::nullopt;
  op::Conv conv;
  conv.pad = *pads;
  conv.dilation = transposed.dilation;
  conv.group = transposed.group;
  conv.epilogue = transposed.epilogue;
  Patch patch(graph, root);
  std::vector<ValueId> inputs = node.inputs;
  inputs[1] = patch.add_constant(turned(*w, transposed.group));
  const ValueId result = patch.add(conv, std::move(inputs));
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_unstrided_conv_transpose(RuleRegistry& registry) {
  registry.add({"unstrided_conv_transpose",
                "canonicalize",
                "transposed convolution without strides as a convolution",
                {"conv_transpose"},
                rules::unstrided_conv_transpose});
}

}  // namespace tenon
