#include "api/layer_losses.hpp"

#include "api/pipeline.hpp"
#include "base/check.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <array>

namespace tenon {
namespace {

// Rewrites that join no two layers.
constexpr std::string_view kFolding = "canonicalize,cse,absorb,cse";

double scalar(Context& context, const std::string& name) {
  return static_cast<double>(context.output(name).values<float>()[0]);
}

}  // namespace

Network folded(const Network& network) {
  Graph graph = network.graph();
  BuildOptions options;
  options.pipeline = kFolding;
  BuildReport report;
  run_passes(graph, options, report);
  return Network(std::move(graph));
}

Engine build_simply(const Network& network, const MeasureOptions& options) {
  BuildOptions build_options;
  build_options.threads = options.threads;
  build_options.measure = false;
  build_options.portable = false;
  build_options.shapes = options.shapes;
  return build(network, build_options);
}

void run_samples(const Engine& engine, Samples& samples, const MeasureOptions& options,
                 std::string_view stage,
                 const std::function<void(Context& context, const Samples::Batch& batch)>& look,
                 const std::map<std::string, Tensor>& constant) {
  Context context = engine.create_context();
  for (const auto& [name, tensor] : constant) context.set_input(name, tensor);
  samples.rewind();
  std::size_t done = 0;
  while (const auto batch = samples.next_batch()) {
    for (const auto& [name, tensor] : batch->inputs) context.set_input(name, tensor);
    context.run();
    look(context, *batch);
    if (options.progress) options.progress(stage, ++done, samples.batch_count());
  }
}

LossMeter::LossMeter(const Graph& graph, const std::vector<quant::Layer>& layers,
                     const MeasureOptions& options, const Graph* weights)
    : layers_(layers),
      options_(options),
      engine_(build_simply(Network(quant::with_losses(graph, layers, weights)), options)) {}

std::vector<quant::LayerLoss> LossMeter::measure(const std::vector<quant::Grid>& grids,
                                                 Samples& samples) const {
  std::map<std::string, Tensor> numbers;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    for (const quant::GridNumber& number : quant::numbers_of(grids.at(i)))
      numbers.emplace(quant::grid_name(i, number.name), Tensor::of<float>({}, std::array{number.value}));
  }
  std::vector<quant::LayerLoss> losses(layers_.size());
  const auto add = [&](Context& context, const Samples::Batch&) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      quant::LayerLoss loss;
      loss.signal = scalar(context, quant::signal_name(i));
      loss.noise = scalar(context, quant::noise_name(i));
      for (const float error : context.output(quant::error_name(i)).values<float>())
        loss.error.push_back(static_cast<double>(error));
      const std::int64_t size = context.output(quant::size_name(i)).values<std::int64_t>()[0];
      loss.positions = static_cast<double>(size) / static_cast<double>(layers_[i].channels);
      losses[i].add(loss);
    }
  };
  run_samples(engine_, samples, options_, "measuring layers", add, numbers);
  return losses;
}

std::vector<quant::InputMoments> collect_moments(const Graph& graph, const std::vector<quant::Layer>& layers,
                                                 const std::vector<quant::Grid>& grids, Samples& samples,
                                                 const MeasureOptions& options) {
  Graph shown = graph;
  shown.clear_taps();
  std::map<ValueId, std::string> names;
  for (const ValueId input : graph.inputs()) names.emplace(input, "");
  std::vector<quant::InputMoments> moments;
  for (const quant::Layer& layer : layers) {
    moments.emplace_back(graph, layer);
    if (names.count(layer.input) != 0) continue;
    const std::string name = fmt::format("tenon.input.{}", names.size());
    shown.add_output(name, layer.input);
    names.emplace(layer.input, name);
  }
  const Engine engine = build_simply(Network(std::move(shown)), options);
  const auto add = [&](Context& context, const Samples::Batch& batch) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string& name = names.at(layers[i].input);
      const Tensor x =
          name.empty() ? batch.inputs.at(graph.value(layers[i].input).name) : context.output(name);
      moments[i].add(x, grids[i]);
    }
  };
  run_samples(engine, samples, options, "collecting moments", add);
  return moments;
}

std::vector<quant::Grid> grids_of(const std::vector<quant::Layer>& layers, const CalibrationTable& table,
                                  const RangeChoice& choice) {
  std::vector<quant::Grid> grids;
  for (const quant::Layer& layer : layers) {
    const auto own = choice.rules.find(layer.input_name);
    const CalibrationRule& rule = own != choice.rules.end() ? own->second : choice.rule;
    const CalibratedTensor* tensor = table.find(layer.input_name);
    const TensorRange* range = tensor != nullptr ? tensor->range(rule) : nullptr;
    TENON_REQUIRE(range != nullptr, "the calibration table has no range of {} for tensor {}", to_string(rule),
                  quote(layer.input_name));
    grids.push_back(quant::Grid::of(*range, choice.scheme));
  }
  return grids;
}

}  // namespace tenon
