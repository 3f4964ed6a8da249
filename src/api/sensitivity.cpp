#include "api/layer_losses.hpp"
#include "api/sample_sets.hpp"
#include "ir/graph.hpp"

#include <tenon/sensitivity.hpp>

namespace tenon {
namespace {

double divergence_of(const Evaluation& evaluation) {
  return evaluation.divergence ? evaluation.divergence->value : 1 - evaluation.cosine();
}

}  // namespace

std::vector<LayerSensitivity> measure_sensitivity(const Network& network, const CalibrationTable& table,
                                                  Samples& samples, const SensitivityOptions& options) {
  const Network exact = folded(network);
  const std::vector<quant::Layer> layers = quant::quantizable_layers(exact.graph());
  const std::vector<quant::Grid> grids =
      grids_of(layers, table, {options.rule, options.rules, options.scheme});
  FirstSamples few(samples, options.samples);
  MeasureOptions measuring{options.threads, shapes_of(few), options.progress};
  const std::vector<quant::LayerLoss> losses =
      LossMeter(exact.graph(), layers, measuring).measure(grids, few);
  std::vector<LayerSensitivity> result;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    LayerSensitivity one;
    one.layer = layers[i].name;
    one.tensor = exact.graph().value(layers[i].output).name;
    one.sqnr_db = losses[i].sqnr_db();
    result.push_back(std::move(one));
  }
  if (!options.outputs || layers.empty()) return result;
  Evaluator evaluator(build_simply(exact, measuring), few);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Network one(quant::simulate(exact.graph(), {layers[i]}, {grids[i]}));
    result[i].alone = evaluator.evaluate(build_simply(one, measuring));
    result[i].divergence = divergence_of(*result[i].alone);
    if (options.progress) options.progress("quantizing one layer", i + 1, layers.size());
  }
  return result;
}

}  // namespace tenon
