#include "kernels/conv_support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tenon::cpu::test {

std::string describe(const ConvShape& s) {
  return fmt::format("n{} g{} {}x{}x{} -> {}x{}x{} kernel {}x{} stride {}x{} dilation {}x{} pad {},{}",
                     s.batch, s.groups, s.in_channels, s.in_h, s.in_w, s.out_channels, s.out_h, s.out_w,
                     s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.pad_top,
                     s.pad_left);
}

ConvShape random_window(Random& random, int max_kernel, int max_image) {
  ConvShape s;
  s.batch = random.integer(1, 2);
  const auto axis = [&](int& in, int& out, int& kernel, int& stride, int& dilation, int& pad) {
    kernel = random.integer(1, max_kernel);
    stride = random.integer(1, 3);
    dilation = random.integer(1, 3);
    const int span = (kernel - 1) * dilation + 1;
    pad = random.integer(0, span);
    in = random.integer(1, max_image);
    const int natural = (in + pad + random.integer(0, span) - span) / stride + 1;
    out = std::max(1, natural);
  };
  axis(s.in_h, s.out_h, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top);
  axis(s.in_w, s.out_w, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left);
  return s;
}

ConvData random_data(Random& random, const ConvShape& s) {
  ConvData d;
  const auto size = [](auto... factors) {
    return (static_cast<std::size_t>(factors) * ... * std::size_t{1});
  };
  d.src = random.reals(size(s.batch, s.in_channels, s.in_d, s.in_h, s.in_w));
  d.weights = random.reals(size(s.out_channels, s.group_in(), s.kernel_d, s.kernel_h, s.kernel_w));
  if (random.coin()) d.bias = random.reals(size(s.out_channels));
  if (random.coin()) d.residual = random.reals(size(s.batch, s.out_channels, s.out_d, s.out_h, s.out_w));
  d.act = random.activation();
  return d;
}

ExactSum exact_conv(const ConvShape& s, const ConvData& d, int n, int o, int y, int x, int z) {
  ExactSum sum;
  const auto add = [&](double term) {
    sum.value += term;
    sum.magnitude += std::abs(term);
  };
  const int first = o / s.group_out() * s.group_in();
  if (!d.bias.empty()) add(d.bias[static_cast<std::size_t>(o)]);
  if (!d.residual.empty()) {
    const int at = (((n * s.out_channels + o) * s.out_d + z) * s.out_h + y) * s.out_w + x;
    add(d.residual[static_cast<std::size_t>(at)]);
  }
  for (int c = 0; c < s.group_in(); ++c) {
    for (int k = 0; k < s.kernel_d; ++k) {
      for (int h = 0; h < s.kernel_h; ++h) {
        for (int w = 0; w < s.kernel_w; ++w) {
          const int iz = z * s.stride_d - s.pad_front + k * s.dilation_d;
          const int iy = y * s.stride_h - s.pad_top + h * s.dilation_h;
          const int ix = x * s.stride_w - s.pad_left + w * s.dilation_w;
          if (iz < 0 || iz >= s.in_d || iy < 0 || iy >= s.in_h || ix < 0 || ix >= s.in_w) continue;
          const int src = (((n * s.in_channels + first + c) * s.in_d + iz) * s.in_h + iy) * s.in_w + ix;
          const int weight = (((o * s.group_in() + c) * s.kernel_d + k) * s.kernel_h + h) * s.kernel_w + w;
          add(static_cast<double>(d.src[static_cast<std::size_t>(src)]) *
              d.weights[static_cast<std::size_t>(weight)]);
        }
      }
    }
  }
  return sum;
}

void expect_conv(const char* family, const ConvShape& s, const ConvData& d, std::span<const float> dst) {
  const double terms = static_cast<double>(s.group_in()) * s.kernel_d * s.kernel_h * s.kernel_w + 2;
  const int pixels = s.out_d * s.out_h * s.out_w;
  std::size_t at = 0;
  for (int plane = 0; plane < s.batch * s.out_channels; ++plane) {
    for (int pixel = 0; pixel < pixels; ++pixel, ++at) {
      const int x = pixel % s.out_w;
      const int y = pixel / s.out_w % s.out_h;
      const int z = pixel / s.out_w / s.out_h;
      const int n = plane / s.out_channels;
      const int o = plane % s.out_channels;
      const ExactSum sum = exact_conv(s, d, n, o, y, x, z);
      ASSERT_NEAR(dst[at], activate(d.act, sum.value), error_bound(family, terms, sum.magnitude))
          << "at [" << n << ", " << o << ", " << z << ", " << y << ", " << x << "]";
    }
  }
}

namespace {

std::vector<float> run_blocked(const ConvShape& s, const ConvData& d, std::span<const float> weights,
                               bool in_place, FunctionRef<void(const ConvArgs&, int)> run, int threads,
                               bool planar_src) {
  const std::ptrdiff_t out_plane = s.out_h * s.out_w;
  const std::vector<float> src = planar_src ? d.src : block(d.src, s.batch, s.in_channels, s.in_h * s.in_w);
  std::vector<float> bias(conv_packed_bias_size(s.out_channels));
  if (!d.bias.empty()) conv_pack_bias(d.bias.data(), s.out_channels, bias.data());
  std::vector<float> residual;
  if (!d.residual.empty()) residual = block(d.residual, s.batch, s.out_channels, out_plane);

  GuardedBuffer dst(
      static_cast<std::size_t>(s.batch * channel_blocks(s.out_channels) * out_plane * kChannelBlock));
  ConvArgs args;
  args.shape = s;
  args.src = src.data();
  args.weights = weights.data();
  args.bias = d.bias.empty() ? nullptr : bias.data();
  args.dst = dst.data();
  args.act = d.act;
  if (!residual.empty()) {
    args.residual = residual.data();
    if (in_place) {
      std::copy(residual.begin(), residual.end(), dst.data());
      args.residual = dst.data();
    }
  }
  run(args, threads);
  EXPECT_TRUE(dst.intact());
  return {dst.values().begin(), dst.values().end()};
}

}  // namespace

void check_blocked(const ConvShape& s, const ConvData& d, std::span<const float> weights, bool in_place,
                   FunctionRef<void(const ConvArgs&, int)> run,
                   FunctionRef<void(std::span<const float>)> expect, bool planar_src) {
  const std::vector<float> got = run_blocked(s, d, weights, in_place, run, 1, planar_src);
  expect(unblock(got, s.batch, s.out_channels, s.out_h * s.out_w));
  const std::vector<float> threaded = run_blocked(s, d, weights, in_place, run, 3, planar_src);
  EXPECT_EQ(std::memcmp(got.data(), threaded.data(), got.size() * sizeof(float)), 0)
      << "the result depends on the number of threads";
}

}  // namespace tenon::cpu::test
