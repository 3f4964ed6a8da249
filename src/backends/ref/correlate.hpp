// Convolution sums over any number of spatial axes, shared by the float and integer convolutions.
#pragma once

#include "ops/window.hpp"

#include <tenon/tensor.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace tenon::ref {

// Sizes of one convolution; `axes` describe the spatial axes.
struct CorrelateShape {
  std::int64_t batch = 1;
  std::int64_t in_channels = 1;
  std::int64_t out_channels = 1;
  std::int64_t group = 1;
  std::vector<op::WindowAxis> axes;
};

CorrelateShape correlate_shape(const op::WindowFields& fields, std::int64_t group, const Shape& x,
                               const Shape& w);

// y[n, m, o…] += Σ w[m, c, k…] · x[n, c, o·stride - pad + k·dilation …]; V is double or std::int64_t.
template <class V>
void correlate(const CorrelateShape& shape, std::span<const V> x, std::span<const V> w, std::span<V> y);

// The transpose: y[n, m, i·stride - pad + k·dilation …] += x[n, c, i…] · w[c, m, k…]. `axes` as
// resolve_conv_transpose gives them.
template <class V>
void correlate_transposed(const CorrelateShape& shape, std::span<const V> x, std::span<const V> w,
                          std::span<V> y);

// Adds bias[m] (when there is one) to y [N, M, …].
void add_channel_bias(std::span<const double> bias, std::int64_t batch, std::span<double> y);

}  // namespace tenon::ref
