// INT8: what a build needs to run a float network on integers, and what it says of it.
#pragma once

#include <tenon/calibration_table.hpp>
#include <tenon/data_type.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// How activations are represented; weights are symmetric with a scale per output channel in either.
enum class ActivationScheme : std::uint8_t {
  // i8, [-T, T] to [-127, 127]; where calibration saw nothing negative: u8, [0, T] to [0, 255]
  symmetric,
  asymmetric,  // u8, [low, high] to [0, 255]
  // Symmetric, but asymmetric where that makes a quantum shorter by a quarter or more: where one sign has
  // less
  // than half of the range of the other, as behind a leaky relu.
  fitted,
};

// "symmetric", "asymmetric", "fitted". ModelError for anything else.
ActivationScheme parse_activation_scheme(std::string_view text);

// Whether a layer that cannot run in the precision asked for ends the build or is merely reported.
enum class PrecisionMode : std::uint8_t { prefer, strict };

// Layers whose location in the model, or the name of a tensor that they compute, matches the pattern (* any
// characters, ? any one); of several overrides that match, the last counts.
struct PrecisionOverride {
  std::string pattern;
  DataType precision = DataType::f32;  // f32 or i8
  PrecisionMode mode = PrecisionMode::prefer;
};

// "PATTERN=fp32", "PATTERN=int8". ModelError for anything else.
PrecisionOverride parse_precision_override(std::string_view text, PrecisionMode mode = PrecisionMode::prefer);

// What placement decided for one layer that could run on integers, or one that was asked to.
struct LayerPrecision {
  std::string location;  // in the model
  std::string op;
  std::string tensor;                  // that it computes
  DataType precision = DataType::f32;  // i8, u8 or f32: of what it reads
  std::string reason;                  // why it stays f32
};

class Network;

// Which of the layers that can run on integers do.
enum class Int8Use : std::uint8_t {
  // Those that are faster on them, conversions counted, so that the whole network takes least: both forms of
  // every layer are timed. All of them where BuildOptions::measure is off or time for measuring runs out.
  where_it_pays,
  wherever_possible,
};

struct Int8Options {
  Int8Use use = Int8Use::where_it_pays;
  CalibrationTable table;
  CalibrationRule rule = {CalibrationAlgorithm::mse};  // whose ranges count …
  std::map<std::string, CalibrationRule> rules;        // … unless the tensor is named here
  ActivationScheme scheme = ActivationScheme::fitted;
  std::vector<PrecisionOverride> overrides;  // come before `use`
  // Where layers that integers do not pay for take their weights and biases from: Improvement::exact. Null:
  // as they are.
  std::shared_ptr<const Network> exact;
};

}  // namespace tenon
