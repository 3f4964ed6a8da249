// stft(signal, step, window?, length?): the discrete Fourier transforms of overlapping frames of a signal.
//
//   signal  float [N, samples, 1] (real) or [N, samples, 2] (real and imaginary parts)
//   step    integer scalar: samples from one frame to the next, at least 1
//   window  of signal's dtype [length], each frame is multiplied by it; default: ones
//   length  integer scalar: samples of a frame; default: the window's, or else all samples
//
// Result: [N, frames, bins, 2] with frames = floor((samples - length) / step) + 1 and bins = length;
// onesided: floor(length/2) + 1 of a real signal.
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Stft {
  static constexpr std::string_view kName = "stft";

  bool onesided = true;

  static constexpr auto fields() { return std::make_tuple(field("onesided", &Stft::onesided)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
