// What the layers of a network lose when each is quantized alone, measured on samples.
#pragma once

#include "quant/moments.hpp"
#include "quant/simulate.hpp"

#include <tenon/engine.hpp>
#include <tenon/evaluate.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

struct MeasureOptions {
  int threads = 0;
  std::map<std::string, ShapeRange> shapes;  // of the samples
  ProgressFn progress;
};

// The network as the layers are found in it: constants folded, batch norms absorbed, nothing fused. Values
// keep their names.
Network folded(const Network& network);

// An engine that is chosen without measuring.
Engine build_simply(const Network& network, const MeasureOptions& options);

// Runs the engine on all samples; `look` sees the outputs of each batch. `stage` is what progress says;
// `constant`: inputs that samples do not have, by name.
void run_samples(const Engine& engine, Samples& samples, const MeasureOptions& options,
                 std::string_view stage,
                 const std::function<void(Context& context, const Samples::Batch& batch)>& look,
                 const std::map<std::string, Tensor>& constant = {});

// One engine that computes the layers both ways, by any grids of their inputs; nothing is kept of the samples
// but sums. `weights` as in quant::with_losses().
class LossMeter {
 public:
  LossMeter(const Graph& graph, const std::vector<quant::Layer>& layers, const MeasureOptions& options,
            const Graph* weights = nullptr);

  std::vector<quant::LayerLoss> measure(const std::vector<quant::Grid>& grids, Samples& samples) const;

 private:
  std::vector<quant::Layer> layers_;
  MeasureOptions options_;
  Engine engine_;
};

// Of what the layers read, by layer; inputs rounded to their grids.
std::vector<quant::InputMoments> collect_moments(const Graph& graph, const std::vector<quant::Layer>& layers,
                                                 const std::vector<quant::Grid>& grids, Samples& samples,
                                                 const MeasureOptions& options);

// Whose ranges count.
struct RangeChoice {
  CalibrationRule rule;
  std::map<std::string, CalibrationRule> rules;  // of tensors by name, instead of `rule`
  ActivationScheme scheme = ActivationScheme::fitted;
};

// The grid of each layer's input. ModelError when the table has no such range for one of them.
std::vector<quant::Grid> grids_of(const std::vector<quant::Layer>& layers, const CalibrationTable& table,
                                  const RangeChoice& choice);

}  // namespace tenon
