#include "base/check.hpp"
#include "base/context.hpp"
#include "base/text.hpp"
#include "ir/patch.hpp"
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/conv.hpp"
#include "ops/conv_integer.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/dynamic_quantize_linear.hpp"
#include "ops/matmul.hpp"
#include "ops/matmul_integer.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/reduce.hpp"
#include "ops/reshape.hpp"
#include "ops/unary.hpp"
#include "quant/schemes.hpp"
#include "quant/targets.hpp"
#include "quant/weights.hpp"

#include <fmt/format.h>

#include <map>

namespace tenon::quant {
namespace {

// An activation as integers; `zero` is not valid where it is 0.
struct Quantized {
  ValueId values, scale, zero;
};

ValueId number(NodeBuilder& builder, float value) {
  return builder.add_constant(Tensor::of<float>({}, std::span(&value, 1)));
}

// Why the node has no integer form; empty when it has.
std::string integer_refusal(const Graph& graph, const Node& node) {
  if (node.op.is<op::ConvTranspose>()) return "there is no transposed convolution of integers";
  const Type& x = graph.type(node.inputs[0]);
  if (!x.is_tensor() || !x.as_tensor().dims) return "its first operand has no known rank";
  if (const auto* matmul = node.op.as<op::MatMul>()) {
    if (!matmul->epilogue.empty()) return "it has an epilogue";
    if (matmul->transpose_a) return "its first operand is transposed";
    if (x.as_tensor().dims->size() < 2) return "its first operand is a vector";
  }
  if (const auto* conv = node.op.as<op::Conv>(); conv != nullptr && !conv->epilogue.empty())
    return "it has an epilogue";
  return "";
}

Tensor transposed(const Tensor& matrix) {
  const Shape& shape = matrix.shape();
  Tensor result(DataType::i8, {shape[1], shape[0]});
  const auto from = matrix.values<std::int8_t>();
  const auto to = result.mutable_values<std::int8_t>();
  const auto rows = static_cast<std::size_t>(shape[0]);
  const auto columns = static_cast<std::size_t>(shape[1]);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
  }
  return result;
}

class DynamicRewrite {
 public:
  DynamicRewrite(Graph& graph, const QuantizeOptions& options, QuantizeReport& report)
      : graph_(graph), options_(options), report_(report) {}

  void run() {
    const std::vector<Target> targets = find_targets(graph_, options_.exclude, report_.kept);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      in_context([&] { rewrite(targets[i]); },
                 [&] { return fmt::format("quantizing {}", quote(targets[i].name)); });
      if (options_.progress) options_.progress("quantizing", i + 1, targets.size());
    }
  }

 private:
  void rewrite(const Target& target) {
    const Node& node = graph_.node(target.node);
    if (std::string reason = integer_refusal(graph_, node); !reason.empty()) {
      report_.kept.push_back({target.name, std::string(node.op.name()), std::move(reason)});
      return;
    }
    QuantizedWeights weights = quantize_channels(*graph_.constant(node.inputs[1]), target.channel_axis);
    report_.layers.push_back(
        {target.name, std::string(node.op.name()), describe_weights(weights.values, 0), weights.sqnr_db});
    Patch patch(graph_, target.node);
    const Quantized x = quantized_input(patch, node);
    const auto* matmul = node.op.as<op::MatMul>();
    const ValueId sums = matmul != nullptr ? product(patch, *matmul, x, weights)
                                           : convolution(patch, *node.op.as<op::Conv>(), x, weights);
    // Channels are the last axis of a product, the second of a convolution.
    const std::size_t after = matmul != nullptr ? 0 : static_cast<std::size_t>(weights.values.rank()) - 2;
    ValueId y = scaled(patch, sums, x.scale, weights.scales, after);
    if (node.inputs.size() > 2 && node.inputs[2].valid())
      y = patch.add(op::binary(PointwiseFn::add), {y, per_channel(patch, node.inputs[2], after)});
    TENON_CHECK(patch.can_replace(node.outputs[0], y), "quantizing changes the type of {}",
                quote(target.name));
    patch.replace(node.outputs[0], y);
    graph_.apply(std::move(patch));
  }

  // By the first of the nodes of a region that read the value; those that come later find it there.
  Quantized quantized_input(Patch& patch, const Node& node) {
    const auto [place, added] = inputs_.try_emplace({node.inputs[0], node.region});
    if (added) {
      place->second = options_.scheme == QuantizationScheme::dynamic_symmetric
                          ? quantize_symmetric(patch, node.inputs[0])
                          : quantize_asymmetric(patch, node.inputs[0]);
    }
    return place->second;
  }

  static Quantized quantize_asymmetric(Patch& patch, ValueId x) {
    const std::vector<ValueId> parts = patch.add_node(op::DynamicQuantizeLinear{}, {x});
    return {parts[0], parts[1], parts[2]};
  }

  // scale = max(max |x| / 127, the smallest normal number), so that zeros become zeros.
  static Quantized quantize_symmetric(Patch& patch, ValueId x) {
    op::Reduce largest;
    largest.fn = op::ReduceFn::max;
    largest.keep_dims = false;
    const ValueId most = patch.add(largest, {patch.add(op::unary(PointwiseFn::abs), {x})});
    const ValueId exact = patch.add(op::binary(PointwiseFn::div), {most, number(patch, 127)});
    const ValueId scale = patch.add(op::binary(PointwiseFn::max), {exact, number(patch, 0x1p-126F)});
    op::QuantizeLinear quantize;
    quantize.axis = 0;
    quantize.output_dtype = DataType::i8;
    return {patch.add(quantize, {x, scale}), scale, {}};
  }

  static ValueId product(Patch& patch, const op::MatMul& op, const Quantized& x, QuantizedWeights& weights) {
    for (float& scale : weights.scales.mutable_values<float>()) scale *= op.alpha;
    std::vector<ValueId> operands = {
        x.values, patch.add_constant(op.transpose_b ? transposed(weights.values) : weights.values)};
    if (x.zero.valid()) operands.push_back(x.zero);
    return patch.add(op::MatMulInteger{}, std::move(operands));
  }

  static ValueId convolution(Patch& patch, const op::Conv& op, const Quantized& x,
                             const QuantizedWeights& weights) {
    std::vector<ValueId> operands = {x.values, patch.add_constant(weights.values)};
    if (x.zero.valid()) operands.push_back(x.zero);
    return patch.add(op::ConvInteger{op.stride, op.pad, op.dilation, op.group, op.auto_pad},
                     std::move(operands));
  }

  static ValueId scaled(Patch& patch, ValueId sums, ValueId x_scale, const Tensor& scales,
                        std::size_t after) {
    Shape shape = scales.shape();
    shape.resize(1 + after, 1);
    const ValueId weight_scales = patch.add_constant(scales.reshaped(std::move(shape)));
    const ValueId both = patch.add(op::binary(PointwiseFn::mul), {weight_scales, x_scale});
    op::Cast cast;
    cast.to = DataType::f32;
    return patch.add(op::binary(PointwiseFn::mul), {patch.add(cast, {sums}), both});
  }

  // A bias [C] so that it is added to each channel, of which `after` axes follow.
  static ValueId per_channel(Patch& patch, ValueId bias, std::size_t after) {
    if (after == 0) return bias;
    Shape shape(1 + after, 1);
    shape[0] = -1;
    if (const Tensor* constant = patch.constant(bias)) {
      shape[0] = constant->elements();
      return patch.add_constant(constant->reshaped(std::move(shape)));
    }
    const Shape dims = {static_cast<std::int64_t>(shape.size())};
    return patch.add(
        op::Reshape{},
        {bias, patch.add_constant(Tensor::of<std::int64_t>(dims, std::span<const std::int64_t>(shape)))});
  }

  Graph& graph_;
  const QuantizeOptions& options_;
  QuantizeReport& report_;
  std::map<std::pair<ValueId, RegionId>, Quantized> inputs_;
};

}  // namespace

void quantize_dynamically(Graph& graph, const QuantizeOptions& options, QuantizeReport& report) {
  DynamicRewrite(graph, options, report).run();
}

}  // namespace tenon::quant
