// Sensitivity: what each layer of a network costs when it alone runs on 8-bit integers.
#pragma once

#include <tenon/calibration_table.hpp>
#include <tenon/evaluate.hpp>
#include <tenon/int8.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace tenon {

struct SensitivityOptions {
  CalibrationRule rule = {CalibrationAlgorithm::mse};  // whose ranges count …
  std::map<std::string, CalibrationRule> rules;        // … unless the tensor is named here
  ActivationScheme scheme = ActivationScheme::fitted;
  std::size_t samples = 32;  // of those that there are; 0: all
  // Also runs the whole network with each layer quantized alone: as many engines and runs as there are
  // layers.
  bool outputs = true;
  int threads = 0;  // 0: all cores this process may use
  ProgressFn progress;
};

// Of one convolution or product with constant weights: its inputs are rounded to what integers can say in the
// calibrated range, its weights in the range of each output channel; the arithmetic stays exact.
struct LayerSensitivity {
  std::string layer;   // location in the model
  std::string tensor;  // that it computes
  double sqnr_db = 0;  // of its own result, 10 lg(Σ y² / Σ (r - y)²)
  // Of the network's answers, with this layer quantized and all others exact; where outputs were asked for.
  std::optional<Evaluation> alone;
  // How far the answers move, to put layers into an order: alone's mean KL divergence, else, without scores
  // of classes, 1 - its cosine; 0 where outputs were not asked for.
  double divergence = 0;
};

// In the order of the network. Labels do not matter. ModelError when the table lacks a tensor that a layer
// reads.
std::vector<LayerSensitivity> measure_sensitivity(const Network& network, const CalibrationTable& table,
                                                  Samples& samples, const SensitivityOptions& options = {});

}  // namespace tenon
