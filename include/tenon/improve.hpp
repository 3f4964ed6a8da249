// Improvement: what can be done for the accuracy of an INT8 engine before it is built, on a few unlabelled
// samples. docs/quantization.md has the procedures and their sources.
#pragma once

#include <tenon/calibration_table.hpp>
#include <tenon/evaluate.hpp>
#include <tenon/int8.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tenon {

struct ImproveOptions {
  CalibrationRule rule = {CalibrationAlgorithm::mse};  // of tensors whose calibrator is not chosen
  ActivationScheme scheme = ActivationScheme::fitted;
  std::vector<PrecisionOverride> overrides;  // layers that they keep in FP32 stay as they are
  bool equalize = true;                      // channels between two layers, by powers of two
  bool choose_calibrators = true;            // for every tensor that a layer reads
  // Layers of at most so many weights for an output channel round them such that their errors make up for
  // each other, where that loses less. Takes inputs² memory and time; those of more than 2304 are left out.
  // 0: none.
  std::int64_t round_inputs = 256;
  bool correct_bias = true;  // by the mean error of each channel
  std::size_t samples = 32;  // that measurements take; calibration takes all
  int threads = 0;           // 0: all cores this process may use
  ProgressFn progress;
};

struct Improvement {
  // A layer that INT8 is for and that no override keeps in FP32: 10 lg(Σ y² / Σ (r - y)²) of its results,
  // quantized alone.
  struct Layer {
    std::string layer;  // location in the model
    double before_db = 0;
    double after_db = 0;
    bool equalized = false;  // what it reads
    bool rounded = false;    // its weights, so that their errors make up for each other
  };

  // Batch norms are absorbed; answers as the network does, but for the correction of its biases, which is for
  // INT8.
  Network network;
  // The same before its weights and biases were changed: layers that stay float take theirs from here.
  Network exact;
  CalibrationTable table;                        // of it, by all rules that were tried
  CalibrationRule rule;                          // whose ranges count …
  std::map<std::string, CalibrationRule> rules;  // … unless the tensor is named here
  std::vector<Layer> layers;                     // in the order of the network
};

// ModelError when there are no samples, and as calibrate().
Improvement improve(const Network& network, Samples& samples, const ImproveOptions& options = {});

}  // namespace tenon
