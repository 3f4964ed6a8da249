#include "backends/ref/correlate.hpp"

#include "backends/ref/index.hpp"

#include <algorithm>

namespace tenon::ref {
namespace {

struct Planes {
  std::int64_t input = 1;
  std::int64_t output = 1;
};

// Elements of one channel.
Planes planes_of(const std::vector<op::WindowAxis>& axes) {
  Planes planes;
  for (const op::WindowAxis& axis : axes) {
    planes.input *= axis.input;
    planes.output *= axis.output;
  }
  return planes;
}

// A row of positions that one tap connects: `length` pairs of an element of the strided grid and one of the
// dense grid, whose positions grow by 1 and by the last axis' stride.
struct Run {
  std::int64_t strided;
  std::int64_t dense;
  std::int64_t length;
};

// Grid sizes with dense position = strided position · stride - pad + tap · dilation: a convolution reads the
// dense grid and writes the strided one, its transpose the other way round.
struct Grids {
  std::vector<std::int64_t> kernel, strided, dense;
};

// The run of the last axis, relative to its row; empty when the tap lies outside everywhere.
Run last_axis_run(const op::WindowAxis& axis, std::int64_t tap, std::int64_t strided, std::int64_t dense) {
  const std::int64_t shift = tap * axis.dilation - axis.pad_begin;
  std::int64_t first = 0;
  while (first < strided && first * axis.stride + shift < 0) ++first;
  std::int64_t last = strided;
  while (last > first && (last - 1) * axis.stride + shift >= dense) --last;
  return {first, first * axis.stride + shift, last - first};
}

// For every tap, its runs inside both grids.
std::vector<std::vector<Run>> runs_of(const std::vector<op::WindowAxis>& axes, const Grids& grids) {
  const std::vector<std::int64_t> strided_strides = strides_of(grids.strided);
  const std::vector<std::int64_t> dense_strides = strides_of(grids.dense);
  const std::size_t outer = axes.size() - 1;
  std::vector<std::vector<Run>> runs;
  for_each_index(grids.kernel, [&](std::span<const std::int64_t> tap) {
    std::vector<Run>& list = runs.emplace_back();
    const Run row = last_axis_run(axes[outer], tap[outer], grids.strided[outer], grids.dense[outer]);
    if (row.length == 0) return;
    for_each_index(std::span(grids.strided).first(outer), [&](std::span<const std::int64_t> at) {
      Run run = row;
      for (std::size_t d = 0; d < outer; ++d) {
        const std::int64_t position = at[d] * axes[d].stride - axes[d].pad_begin + tap[d] * axes[d].dilation;
        if (position < 0 || position >= grids.dense[d]) return;
        run.strided += at[d] * strided_strides[d];
        run.dense += position * dense_strides[d];
      }
      list.push_back(run);
    });
  });
  return runs;
}

Grids grids_of(const std::vector<op::WindowAxis>& axes, bool transposed) {
  Grids grids;
  for (const op::WindowAxis& axis : axes) {
    grids.kernel.push_back(axis.kernel);
    grids.strided.push_back(transposed ? axis.input : axis.output);
    grids.dense.push_back(transposed ? axis.output : axis.input);
  }
  return grids;
}

}  // namespace

CorrelateShape correlate_shape(const op::WindowFields& fields, std::int64_t group, const Shape& x,
                               const Shape& w) {
  CorrelateShape shape;
  shape.batch = x[0];
  shape.in_channels = x[1];
  shape.out_channels = w[0];
  shape.group = group;
  shape.axes = op::resolve_window(fields, std::span(x).subspan(2), std::span(w).subspan(2));
  return shape;
}

template <class V>
void correlate(const CorrelateShape& shape, std::span<const V> x, std::span<const V> w, std::span<V> y) {
  const auto runs = runs_of(shape.axes, grids_of(shape.axes, false));
  const auto taps = static_cast<std::int64_t>(runs.size());
  const std::int64_t step = shape.axes.back().stride;
  const Planes plane = planes_of(shape.axes);
  const std::int64_t group_in = shape.in_channels / shape.group;
  const std::int64_t group_out = shape.out_channels / shape.group;
  for (std::int64_t n = 0; n < shape.batch; ++n) {
    for (std::int64_t m = 0; m < shape.out_channels; ++m) {
      V* out = y.data() + (n * shape.out_channels + m) * plane.output;
      for (std::int64_t c = 0; c < group_in; ++c) {
        const V* in = x.data() + (n * shape.in_channels + m / group_out * group_in + c) * plane.input;
        for (std::int64_t k = 0; k < taps; ++k) {
          const V weight = w[static_cast<std::size_t>((m * group_in + c) * taps + k)];
          for (const Run& run : runs[static_cast<std::size_t>(k)]) {
            for (std::int64_t i = 0; i < run.length; ++i)
              out[run.strided + i] += weight * in[run.dense + i * step];
          }
        }
      }
    }
  }
}

template void correlate<double>(const CorrelateShape&, std::span<const double>, std::span<const double>,
                                std::span<double>);
template void correlate<std::int64_t>(const CorrelateShape&, std::span<const std::int64_t>,
                                      std::span<const std::int64_t>, std::span<std::int64_t>);

template <class V>
void correlate_transposed(const CorrelateShape& shape, std::span<const V> x, std::span<const V> w,
                          std::span<V> y) {
  const auto runs = runs_of(shape.axes, grids_of(shape.axes, true));
  const auto taps = static_cast<std::int64_t>(runs.size());
  const std::int64_t step = shape.axes.back().stride;
  const Planes plane = planes_of(shape.axes);
  const std::int64_t group_in = shape.in_channels / shape.group;
  const std::int64_t group_out = shape.out_channels / shape.group;
  for (std::int64_t n = 0; n < shape.batch; ++n) {
    for (std::int64_t c = 0; c < shape.in_channels; ++c) {
      const V* in = x.data() + (n * shape.in_channels + c) * plane.input;
      for (std::int64_t m = 0; m < group_out; ++m) {
        V* out = y.data() + (n * shape.out_channels + c / group_in * group_out + m) * plane.output;
        for (std::int64_t k = 0; k < taps; ++k) {
          const V weight = w[static_cast<std::size_t>((c * group_out + m) * taps + k)];
          for (const Run& run : runs[static_cast<std::size_t>(k)]) {
            for (std::int64_t i = 0; i < run.length; ++i)
              out[run.dense + i * step] += weight * in[run.strided + i];
          }
        }
      }
    }
  }
}

template void correlate_transposed<double>(const CorrelateShape&, std::span<const double>,
                                           std::span<const double>, std::span<double>);
template void correlate_transposed<std::int64_t>(const CorrelateShape&, std::span<const std::int64_t>,
                                                 std::span<const std::int64_t>, std::span<std::int64_t>);

void add_channel_bias(std::span<const double> bias, std::int64_t batch, std::span<double> y) {
  if (bias.empty() || batch == 0) return;
  const std::size_t plane = y.size() / (bias.size() * static_cast<std::size_t>(batch));
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += bias[i / plane % bias.size()];
}

}  // namespace tenon::ref
