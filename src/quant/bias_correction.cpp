#include "quant/bias_correction.hpp"

#include "base/check.hpp"

namespace tenon::quant {

Graph correct_bias(const Graph& graph, const std::vector<Layer>& layers,
                   const std::vector<LayerLoss>& losses) {
  TENON_CHECK(layers.size() == losses.size(), "{} layers, {} losses", layers.size(), losses.size());
  Graph result = graph;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerLoss& loss = losses[i];
    if (loss.positions == 0) continue;
    std::vector<float> bias = bias_of(result, layers[i]);
    TENON_CHECK(loss.error.size() == bias.size(), "errors of {} channels", loss.error.size());
    for (std::size_t c = 0; c < bias.size(); ++c)
      bias[c] = static_cast<float>(static_cast<double>(bias[c]) - loss.error[c] / loss.positions);
    Layer layer = layers[i];
    replace_parameters(result, layer, {}, bias);
  }
  return result;
}

}  // namespace tenon::quant
