// dft(x, length?, axis?): the discrete Fourier transform of x along one axis, computed as
//   y[k] = Σ_n x[n] · exp(-2πi·k·n / N), with inverse: y[n] = 1/N · Σ_k x[k] · exp(2πi·k·n / N).
//
//   x       float [signal…, 1] (real) or [signal…, 2] (real and imaginary parts)
//   length  N, an integer scalar; default: x's extent d of that axis, and 2·(d - 1) for one-sided inverses. x
//   is cut
//           off or continued with zeros to N elements.
//   axis    i64 scalar, when it is not a field; any but the last
//
// Result: [signal…, 2] with N elements along the axis. onesided: of a real x only the floor(N/2) + 1 elements
// that determine the rest; the inverse of that takes as many and gives a real signal [signal…, 1].
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

// Longer transforms are nonsense, or an attempt to take all memory.
inline constexpr std::int64_t kMaxTransform = std::int64_t{1} << 26;

struct Dft {
  static constexpr std::string_view kName = "dft";

  std::optional<std::int64_t> axis{};
  bool inverse = false;
  bool onesided = false;

  static constexpr auto fields() {
    return std::make_tuple(field("axis", &Dft::axis), field("inverse", &Dft::inverse),
                           field("onesided", &Dft::onesided));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
