// mel_weight_matrix(bands, length, rate, low, high): the matrix that turns the one-sided spectra of `length`
// samples taken at `rate` per second into `bands` bands of the mel scale, mel(f) = 2595 · log10(1 + f / 700).
//
//   bands, length, rate  integer scalars, at least 1; low, high  float scalars, in hertz: the edges of the
//   scale
//
// Result: `dtype` [floor(length/2) + 1, bands]. Edges e_0 … e_(bands+1) are bands + 2 points on the scale
// from `low` on, a (bands + 2)th of the distance to `high` apart, rounded down to spectrum bins; column b
// rises from 0 at e_b to 1 at e_(b+1) and falls to 0 at e_(b+2).
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct MelWeightMatrix {
  static constexpr std::string_view kName = "mel_weight_matrix";

  DataType dtype = DataType::f32;

  static constexpr auto fields() { return std::make_tuple(field("dtype", &MelWeightMatrix::dtype)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
