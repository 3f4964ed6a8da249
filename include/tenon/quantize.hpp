// Quantization of networks: which of their weights and activations become integers, and how. The result is a
// network like any other: it can be saved as ONNX, built and verified.
#pragma once

#include <tenon/builder.hpp>
#include <tenon/int8.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

// docs/quantization.md has the formulas.
enum class QuantizationScheme : std::uint8_t {
  static_symmetric,    // activations i8, u8 where never negative, by calibrated ranges; weights as below
  static_asymmetric,   // activations u8 by calibrated ranges, weights i8 per output channel
  dynamic_symmetric,   // activations i8 by max |x| of each inference, weights i8 per output channel
  dynamic_asymmetric,  // activations u8 by the extremes of each inference, weights i8 per output channel
  weights_int8,        // weights i8 per output channel, activations stay floats
  weights_int4,        // weights in 4 bits with a scale for each block, activations stay floats
};

// "static", "static-asymmetric", "dynamic-symmetric", "dynamic-asymmetric", "weights-int8", "weights-int4";
// and back: ModelError that lists them.
std::string_view to_string(QuantizationScheme scheme) noexcept;
QuantizationScheme parse_quantization_scheme(std::string_view text);

struct QuantizeOptions {
  QuantizationScheme scheme = QuantizationScheme::static_symmetric;
  std::int64_t block = 32;          // weights_int4: 16, 32, 64, 128 or 256 weights share a scale
  bool zero_points = false;         // weights_int4: u4 with zero points instead of i4
  std::optional<Int8Options> int8;  // of static schemes: the ranges; its own scheme does not count
  // Nodes that stay as they are, by name in the model; '*' stands for anything, '?' for one character.
  // Of a node that is made of several ("conv + batch_norm") one name will do. ModelError when one fits no
  // node that could be quantized.
  std::vector<std::string> exclude;
  ProgressFn progress;
};

struct QuantizeReport {
  struct Layer {
    std::string name;     // of its nodes in the model
    std::string op;       // "conv"
    std::string weights;  // "i8[64,3,7,7] per channel", "i4[512,512] in blocks of 32"
    double sqnr_db = 0;   // 10 log10(Σ w² / Σ (w - q(w))²), infinite when nothing is lost
  };
  struct Kept {
    std::string name;
    std::string op;
    std::string reason;
  };
  std::vector<Layer> layers;  // quantized
  std::vector<Kept> kept;     // what could be and is not
};

// The network with its convolutions, transposed convolutions and matrix products of constant weights
// quantized; with a static scheme also sums, means and what moves elements between them. Batch normalizations
// and constant factors go into the weights first. Deterministic. ModelError when weights hold a NaN or an
// infinity, and when a static scheme has no ranges.
Network quantize(const Network& network, const QuantizeOptions& options, QuantizeReport* report = nullptr);

}  // namespace tenon
