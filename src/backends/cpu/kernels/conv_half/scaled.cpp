#include "backends/cpu/kernels/conv_half/scaled.hpp"

#include "backends/cpu/kernels/conv_half/transposed.hpp"
#include "backends/cpu/kernels/gemm_half/gemm_half.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tenon::cpu {

namespace {

// The largest weight lies in [2^-7, 2^-6).
constexpr int kLargestExponent = -6;
// Beyond that, powers of two or their inverses are no normal numbers.
constexpr int kMostExponent = 120;

// The exponent of the factor of a channel whose largest weight is `most`, rounded to as many digits as f16
// has.
int factor_exponent(float most) {
  if (most == 0 || !std::isfinite(most)) return 0;
  constexpr int kDigits = 11;
  int exponent = 0;
  const float fraction = std::frexp(most, &exponent);
  if (std::nearbyint(std::ldexp(fraction, kDigits)) == std::ldexp(1.0F, kDigits)) ++exponent;
  return std::clamp(exponent - kLargestExponent, -kMostExponent, kMostExponent);
}

// channel(i): of the i-th weight. pack(scaled weights) writes `packed` halves.
template <class Channel, class Pack>
void pack_scaled(std::span<const float> weights, int channels, Channel channel, std::uint16_t* behind,
                 Pack pack) {
  std::vector<float> most(static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    float& largest = most[channel(i)];
    largest = std::max(largest, std::abs(weights[i]));
  }
  std::vector<int> exponents(most.size());
  std::transform(most.begin(), most.end(), exponents.begin(), factor_exponent);
  std::vector<float> scaled(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) scaled[i] = std::ldexp(weights[i], -exponents[channel(i)]);
  pack(scaled.data());
  std::vector<float> factors(conv_packed_bias_size(channels), 1.0F);
  std::transform(exponents.begin(), exponents.end(), factors.begin(),
                 [](int exponent) { return std::ldexp(1.0F, exponent); });
  std::memcpy(behind, factors.data(), factors.size() * sizeof(float));
}

std::span<const float> filter_of(const ConvShape& s, const float* weights) {
  return {weights, static_cast<std::size_t>(s.in_channels) * static_cast<std::size_t>(s.group_out()) *
                       static_cast<std::size_t>(s.kernel_h * s.kernel_w)};
}

}  // namespace

std::size_t scaled_f16_size(std::size_t weights, int channels) {
  return weights + conv_packed_bias_size(channels) * (sizeof(float) / sizeof(std::uint16_t));
}

void conv_f16_scaled_pack(const ConvShape& s, const float* weights, std::uint16_t* packed) {
  const auto each = static_cast<std::size_t>(s.group_in() * s.kernel_h * s.kernel_w);
  pack_scaled(
      filter_of(s, weights), s.out_channels, [&](std::size_t i) { return i / each; },
      packed + conv_half_packed_size(s),
      [&](const float* scaled) { conv_half_pack(s, DataType::f16, scaled, packed); });
}

void deconv_f16_scaled_pack(const ConvShape& s, const float* weights, std::uint16_t* packed) {
  const auto taps = static_cast<std::size_t>(s.kernel_h * s.kernel_w);
  const auto in = static_cast<std::size_t>(s.group_in()), out = static_cast<std::size_t>(s.group_out());
  pack_scaled(
      filter_of(s, weights), s.out_channels,
      [&](std::size_t i) { return i / (taps * out * in) * out + i / taps % out; },
      packed + conv_half_packed_size(s),
      [&](const float* scaled) { deconv_half_pack(s, DataType::f16, scaled, packed); });
}

void gemm_f16_scaled_pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed) {
  const auto depth = static_cast<std::size_t>(k), columns = static_cast<std::size_t>(n);
  pack_scaled(
      std::span(b, depth * columns), n, [&](std::size_t i) { return transposed ? i / depth : i % columns; },
      packed + gemm_half_packed_size(k, n),
      [&](const float* scaled) { gemm_half_pack(scaled, transposed, k, n, DataType::f16, packed); });
}

}  // namespace tenon::cpu
