#include "base/check.hpp"
#include "ops/dequantize_linear.hpp"
#include "quant/place.hpp"
#include "quant/schemes.hpp"
#include "quant/targets.hpp"
#include "quant/weights.hpp"

namespace tenon::quant {
namespace {

// The i8 weights that placement put in front of the node, when it did.
struct PlacedWeights {
  const Tensor* values = nullptr;
  const Tensor* scales = nullptr;
};

PlacedWeights placed_weights(const Graph& graph, const Node& node) {
  const NodeId source = graph.value(node.inputs[1]).producer;
  if (!source.valid() || !graph.node(source).op.is<op::DequantizeLinear>()) return {};
  return {graph.constant(graph.node(source).inputs[0]), graph.constant(graph.node(source).inputs[1])};
}

// 10 log10(Σ w² / Σ (w - restored w)²) with a scale for each place along the axis.
double placed_sqnr_db(const Tensor& weights, const PlacedWeights& placed, std::size_t axis) {
  const auto exact = weights.values<float>();
  const auto codes = placed.values->values<std::int8_t>();
  const auto scales = placed.scales->values<float>();
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < weights.shape().size(); ++i)
    inner *= static_cast<std::size_t>(weights.shape()[i]);
  double signal = 0;
  double noise = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const auto w = static_cast<double>(exact[i]);
    const double error = w - codes[i] * static_cast<double>(scales[i / inner % scales.size()]);
    signal += w * w;
    noise += error * error;
  }
  return sqnr_db(signal, noise);
}

}  // namespace

void quantize_statically(Graph& graph, const QuantizeOptions& options, QuantizeReport& report) {
  TENON_REQUIRE(options.int8.has_value(), "the scheme {} wants the ranges of a calibration",
                to_string(options.scheme));
  const Int8Options& int8 = *options.int8;
  std::vector<QuantizeReport::Kept> ignored;
  const std::vector<Target> targets = find_targets(graph, {}, ignored);
  std::vector<Tensor> weights;
  for (const Target& target : targets) weights.push_back(*graph.constant(graph.node(target.node).inputs[1]));

  std::vector<PrecisionOverride> overrides = int8.overrides;
  for (const std::string& pattern : options.exclude)
    overrides.push_back({pattern, DataType::f32, PrecisionMode::prefer});
  const ActivationScheme scheme = options.scheme == QuantizationScheme::static_asymmetric
                                      ? ActivationScheme::asymmetric
                                      : ActivationScheme::symmetric;
  for (LayerPrecision& layer :
       place(graph, ranges_of(int8.table, int8.rule, int8.rules), scheme, overrides)) {
    if (!layer.reason.empty())
      report.kept.push_back({std::move(layer.location), std::move(layer.op), std::move(layer.reason)});
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Node& node = graph.node(targets[i].node);
    const PlacedWeights placed = placed_weights(graph, node);
    if (placed.values == nullptr) continue;
    report.layers.push_back({targets[i].name, std::string(node.op.name()),
                             describe_weights(*placed.values, 0),
                             placed_sqnr_db(weights[i], placed, targets[i].channel_axis)});
  }
}

}  // namespace tenon::quant
