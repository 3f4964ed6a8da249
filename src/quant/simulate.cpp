#include "quant/simulate.hpp"

#include "base/check.hpp"
#include "ir/patch.hpp"
#include "ops/binary.hpp"
#include "ops/reduce.hpp"
#include "ops/size.hpp"
#include "ops/unary.hpp"
#include "quant/demand.hpp"
#include "quant/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tenon::quant {
namespace {

ValueId add_scalar(NodeBuilder& builder, float value) {
  return builder.add_constant(Tensor::of<float>({}, std::span<const float>(&value, 1)));
}

ValueId add_sum(Graph& graph, op::ReduceFn fn, ValueId x, std::size_t first, std::size_t last) {
  op::Reduce reduce;
  reduce.fn = fn;
  reduce.axes.resize(last - first);
  std::iota(reduce.axes.begin(), reduce.axes.end(), static_cast<std::int64_t>(first));
  reduce.keep_dims = false;
  return graph.add(reduce, {x});
}

// Over all axes but the channels'. Neighbouring axes at a time, which kernels like.
ValueId add_sum_by_channel(Graph& graph, ValueId x, const Layer& layer) {
  if (layer.channel_axis + 1 < layer.rank)
    x = add_sum(graph, op::ReduceFn::sum, x, layer.channel_axis + 1, layer.rank);
  return layer.channel_axis > 0 ? add_sum(graph, op::ReduceFn::sum, x, 0, layer.channel_axis) : x;
}

// The operands of the layer's node with this input and these weights, which are rounded.
std::vector<ValueId> rounded_operands(NodeBuilder& builder, const Graph& graph, const Layer& layer,
                                      ValueId input, std::vector<float> rows) {
  round_weights(rows, weight_scales(rows, layer.inputs), layer.inputs);
  std::vector<ValueId> inputs = graph.node(layer.node).inputs;
  inputs[0] = input;
  inputs[1] = builder.add_constant(weights_of_rows(graph, layer, rows));
  return inputs;
}

// A number for each of numbers_of() a grid, in their order.
using GridValues = std::array<ValueId, 3>;

GridValues add_constants(NodeBuilder& builder, const Grid& grid) {
  GridValues values;
  std::size_t n = 0;
  for (const GridNumber& number : numbers_of(grid)) values[n++] = add_scalar(builder, number.value);
  return values;
}

GridValues add_inputs(Graph& graph, std::size_t layer) {
  GridValues values;
  std::size_t n = 0;
  for (const GridNumber& number : numbers_of({}))
    values[n++] = graph.add_input(grid_name(layer, number.name), Type::tensor(DataType::f32, {}));
  return values;
}

// clamp(round(x / scale), low, high) · scale.
ValueId add_rounded(NodeBuilder& builder, ValueId x, const GridValues& grid) {
  const auto& [scale, low, high] = grid;
  ValueId q = builder.add(op::binary(PointwiseFn::div), {x, scale});
  q = builder.add(op::unary(PointwiseFn::round), {q});
  q = builder.add(op::binary(PointwiseFn::max), {q, low});
  q = builder.add(op::binary(PointwiseFn::min), {q, high});
  return builder.add(op::binary(PointwiseFn::mul), {q, scale});
}

const Layer& named(const std::vector<Layer>& layers, const std::string& name) {
  const auto found =
      std::find_if(layers.begin(), layers.end(), [&](const Layer& layer) { return layer.name == name; });
  TENON_CHECK(found != layers.end(), "no layer {}", name);
  return *found;
}

}  // namespace

Grid Grid::of(const TensorRange& range, ActivationScheme scheme) {
  const std::optional<Quanta> quanta = quanta_of(range, scheme);
  if (!quanta) return {};
  const auto zero = static_cast<float>(quanta->zero);
  const bool is_signed = quanta->dtype == DataType::i8;
  return {quanta->scale, (is_signed ? -128.0F : 0.0F) - zero, (is_signed ? 127.0F : 255.0F) - zero};
}

std::array<GridNumber, 3> numbers_of(const Grid& grid) {
  const bool zeros = !(grid.scale > 0);
  return {
      {{"scale", zeros ? 1 : grid.scale}, {"low", zeros ? 0 : grid.low}, {"high", zeros ? 0 : grid.high}}};
}

Graph simulate(const Graph& graph, const std::vector<Layer>& layers, const std::vector<Grid>& grids) {
  TENON_CHECK(layers.size() == grids.size(), "{} layers, {} grids", layers.size(), grids.size());
  Graph result = graph;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    // Patches of earlier layers have replaced the values that this one reads.
    const Node& node = result.node(layers[i].node);
    Layer layer = layers[i];
    layer.input = node.inputs[0];
    Patch patch(result, layer.node);
    const ValueId input = add_rounded(patch, layer.input, add_constants(patch, grids[i]));
    const ValueId output =
        patch.add(node.op, rounded_operands(patch, result, layer, input, weight_rows(result, layer)));
    patch.replace(layer.output, output);
    result.apply(std::move(patch));
  }
  result.remove_dead_nodes();
  return result;
}

double LayerLoss::sqnr_db() const { return quant::sqnr_db(signal, noise); }

void LayerLoss::add(const LayerLoss& other) {
  signal += other.signal;
  noise += other.noise;
  positions += other.positions;
  error.resize(std::max(error.size(), other.error.size()));
  for (std::size_t i = 0; i < other.error.size(); ++i) error[i] += other.error[i];
}

LayerLoss LayerLoss::without_mean() const {
  LayerLoss result = *this;
  for (double& sum : result.error) {
    if (positions > 0) result.noise -= sum * sum / positions;
    sum = 0;
  }
  result.noise = std::max(result.noise, 0.0);
  return result;
}

Graph with_losses(const Graph& graph, const std::vector<Layer>& layers, const Graph* weights) {
  const std::vector<Layer> others = weights != nullptr ? quantizable_layers(*weights) : layers;
  Graph result = graph;
  result.clear_taps();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    const ValueId rounded = result.add(
        result.node(layer.node).op,
        rounded_operands(result, result, layer, add_rounded(result, layer.input, add_inputs(result, i)),
                         weight_rows(weights != nullptr ? *weights : graph, named(others, layer.name))));
    const ValueId error = result.add(op::binary(PointwiseFn::sub), {rounded, layer.output});
    const auto squares = [&](ValueId x) {
      return add_sum(result, op::ReduceFn::sum_square, x, 0, layer.rank);
    };
    result.add_output(signal_name(i), squares(layer.output));
    result.add_output(noise_name(i), squares(error));
    result.add_output(error_name(i), add_sum_by_channel(result, error, layer));
    result.add_output(size_name(i), result.add(op::SizeOf{}, {layer.output}));
  }
  return result;
}

std::string grid_name(std::size_t i, std::string_view number) {
  return fmt::format("tenon.{}.{}", number, i);
}
std::string signal_name(std::size_t i) { return fmt::format("tenon.signal.{}", i); }
std::string noise_name(std::size_t i) { return fmt::format("tenon.noise.{}", i); }
std::string size_name(std::size_t i) { return fmt::format("tenon.size.{}", i); }
std::string error_name(std::size_t i) { return fmt::format("tenon.error.{}", i); }

}  // namespace tenon::quant
