#include "quant/layers.hpp"

#include "base/check.hpp"
#include "ir/patch.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/matmul.hpp"
#include "quant/observed_values.hpp"
#include "quant/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>

namespace tenon::quant {
namespace {

constexpr std::size_t kWeights = 1;
constexpr std::size_t kBias = 2;

const Tensor* constant_operand(const Graph& graph, const Node& node, std::size_t index) {
  if (index >= node.inputs.size() || !node.inputs[index].valid()) return nullptr;
  const Tensor* tensor = graph.constant(node.inputs[index]);
  return tensor != nullptr && tensor->dtype() == DataType::f32 ? tensor : nullptr;
}

bool has_operand(const Node& node, std::size_t index) {
  return index < node.inputs.size() && node.inputs[index].valid();
}

// [a, b, kernel] as [b, a, kernel].
std::vector<float> with_axes_swapped(std::span<const float> values, std::int64_t a, std::int64_t b,
                                     std::int64_t kernel) {
  std::vector<float> swapped(values.size());
  auto from = values.begin();
  for (std::int64_t i = 0; i < a; ++i) {
    for (std::int64_t k = 0; k < b; ++k, from += kernel)
      std::copy(from, from + kernel, swapped.begin() + (k * a + i) * kernel);
  }
  return swapped;
}

std::optional<Layer> match_layer(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto* conv = node.op.as<op::Conv>();
  const auto* deconv = node.op.as<op::ConvTranspose>();
  const auto* product = node.op.as<op::MatMul>();
  if (conv == nullptr && deconv == nullptr && product == nullptr) return std::nullopt;
  const Tensor* weights = constant_operand(graph, node, kWeights);
  if (weights == nullptr || weights->elements() == 0) return std::nullopt;
  if (has_operand(node, kBias) && constant_operand(graph, node, kBias) == nullptr) return std::nullopt;
  if (node.inputs.size() > kBias + 1 || graph.constant(node.inputs[0]) != nullptr) return std::nullopt;
  const TensorType& result = graph.value(node.outputs[0]).type.as_tensor();
  if (!result.dims) return std::nullopt;
  Layer layer;
  layer.node = id;
  layer.input = node.inputs[0];
  layer.output = node.outputs[0];
  layer.rank = result.dims->size();
  if (product == nullptr) {
    if (!(conv != nullptr ? conv->epilogue : deconv->epilogue).empty()) return std::nullopt;
    if (deconv != nullptr && deconv->group != 1) return std::nullopt;
    layer.transposed = deconv != nullptr;
    layer.channels = weights->shape()[layer.transposed ? 1 : 0];
    layer.group = conv != nullptr ? conv->group : 1;
    for (std::size_t i = 2; i < weights->shape().size(); ++i) layer.kernel *= weights->shape()[i];
    layer.channel_axis = 1;
  } else {
    if (!product->epilogue.empty() || product->alpha != 1 || product->transpose_a || weights->rank() != 2 ||
        layer.rank < 2)
      return std::nullopt;
    layer.transposed = !product->transpose_b;
    layer.channels = weights->shape()[layer.transposed ? 1 : 0];
    layer.channel_axis = layer.rank - 1;
  }
  layer.inputs = weights->elements() / layer.channels;
  layer.name = node.location.empty() ? graph.value(layer.output).name : node.location;
  return layer;
}

}  // namespace

std::vector<Layer> quantizable_layers(const Graph& graph) {
  std::map<ValueId, std::string> names;
  for (const ObservedValue& value : observed_values(graph)) names.emplace(value.value, value.name);
  std::vector<Layer> layers;
  std::set<std::string> taken;
  for (const NodeId id : graph.nodes(graph.body())) {
    std::optional<Layer> layer = match_layer(graph, id);
    if (!layer) continue;
    const auto input = names.find(layer->input);
    if (input == names.end()) continue;
    layer->input_name = input->second;
    if (layer->name.empty()) layer->name = fmt::format("value {}", layer->output.value);
    while (!taken.insert(layer->name).second) layer->name += "'";
    layers.push_back(std::move(*layer));
  }
  return layers;
}

std::vector<float> weight_rows(const Graph& graph, const Layer& layer) {
  const auto values = graph.constant(graph.node(layer.node).inputs[kWeights])->values<float>();
  if (!layer.transposed) return {values.begin(), values.end()};
  return with_axes_swapped(values, layer.inputs / layer.kernel, layer.channels, layer.kernel);
}

Tensor weights_of_rows(const Graph& graph, const Layer& layer, const std::vector<float>& rows) {
  const Shape& shape = graph.constant(graph.node(layer.node).inputs[kWeights])->shape();
  if (!layer.transposed) return Tensor::of<float>(shape, rows);
  return Tensor::of<float>(
      shape, with_axes_swapped(rows, layer.channels, layer.inputs / layer.kernel, layer.kernel));
}

std::vector<float> weight_scales(const std::vector<float>& rows, std::int64_t inputs) {
  const auto size = static_cast<std::size_t>(inputs);
  std::vector<float> scales;
  for (std::size_t at = 0; at < rows.size(); at += size)
    scales.push_back(channel_scale(std::span(rows).subspan(at, size)));
  return scales;
}

void round_weights(std::vector<float>& rows, const std::vector<float>& scales, std::int64_t inputs) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = rounded_weight(rows[i], scales[i / static_cast<std::size_t>(inputs)]);
}

std::vector<float> bias_of(const Graph& graph, const Layer& layer) {
  const Node& node = graph.node(layer.node);
  if (!has_operand(node, kBias)) return std::vector<float>(static_cast<std::size_t>(layer.channels));
  const auto values = graph.constant(node.inputs[kBias])->values<float>();
  return {values.begin(), values.end()};
}

void replace_parameters(Graph& graph, Layer& layer, const std::vector<float>& rows,
                        const std::vector<float>& bias) {
  const Node& node = graph.node(layer.node);
  Patch patch(graph, layer.node);
  std::vector<ValueId> inputs = node.inputs;
  patch.set_location("");  // constants are of no layer
  if (!rows.empty()) inputs[kWeights] = patch.add_constant(weights_of_rows(graph, layer, rows));
  if (!bias.empty()) {
    inputs.resize(kBias + 1);
    inputs[kBias] = patch.add_constant(Tensor::of<float>({layer.channels}, bias));
  }
  patch.set_location(node.location);
  const ValueId output = patch.add(node.op, std::move(inputs));
  patch.replace(layer.output, output);
  patch.move_taps(true);
  graph.apply(std::move(patch));
  graph.erase(layer.node);
  layer.output = output;
  layer.node = graph.value(output).producer;
}

Graph with_parameters_of(const Graph& graph, const Graph& other, const std::set<std::string>& names) {
  Graph result = graph;
  const std::vector<Layer> layers = quantizable_layers(graph);
  const std::vector<Layer> others = quantizable_layers(other);
  TENON_CHECK(layers.size() == others.size(), "{} layers, {} in the other graph", layers.size(),
              others.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (names.count(layers[i].name) == 0) continue;
    Layer layer = layers[i];
    replace_parameters(result, layer, weight_rows(other, others[i]), bias_of(other, others[i]));
  }
  return result;
}

}  // namespace tenon::quant
