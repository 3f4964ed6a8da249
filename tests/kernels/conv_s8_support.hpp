// Random convolutions of bytes, and their results against a formula.
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"
#include "kernels/conv_support.hpp"
#include "kernels/s8_support.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tenon::cpu::test {

struct S8Case {
  ConvShape shape;
  bool src_signed = false;
  bool planar = false;
  int src_zero = 0;
  std::vector<std::int8_t> weights;
  std::vector<std::int32_t> bias;
  std::vector<std::uint8_t> src;  // NCHW
  S8Epilogue epilogue;
};

inline S8Case random_s8_case(Random& random, const ConvShape& shape, bool planar) {
  S8Case c;
  c.shape = shape;
  c.planar = planar;
  c.src_signed = random.coin();
  c.src_zero = random.coin() ? 0 : c.src_signed ? random.integer(-128, 127) : random.integer(0, 255);
  const auto depth = static_cast<std::size_t>(shape.group_in() * shape.kernel_h * shape.kernel_w);
  c.weights.resize(static_cast<std::size_t>(shape.out_channels) * depth);
  for (auto& w : c.weights) w = static_cast<std::int8_t>(random.integer(-128, 127));
  if (random.coin()) {
    for (int o = 0; o < shape.out_channels; ++o) c.bias.push_back(random.integer(-100000, 100000));
  }
  c.src = random_bytes(random,
                       static_cast<std::size_t>(shape.batch) * shape.in_channels * shape.in_h * shape.in_w);
  c.epilogue =
      random_epilogue(random, shape.out_channels,
                      static_cast<std::size_t>(shape.batch) * shape.out_channels * shape.out_h * shape.out_w,
                      std::sqrt(static_cast<double>(depth)) * 128 * 74);
  return c;
}

// Runs a case with each number of threads and compares every element. `weights` and `bias` are packed; `sum`
// gives the exact sum for image, channel, row and column; scratch and run are given the arguments and the
// number of threads, run its scratch too.
template <class Sum, class Scratch, class Run>
void check_s8_case(const S8Case& c, const std::vector<std::int8_t>& weights,
                   const std::vector<std::int32_t>& bias, Random& random, const Sum& sum,
                   const Scratch& scratch_size, const Run& run) {
  const ConvShape& s = c.shape;
  const std::ptrdiff_t in_plane = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w;
  const std::ptrdiff_t out_plane = static_cast<std::ptrdiff_t>(s.out_h) * s.out_w;
  std::vector<float> multiplier = c.epilogue.multiplier;
  multiplier.resize(conv_s8_packed_bias_size(s));
  const std::vector<std::uint8_t> src =
      c.planar ? c.src : block_bytes(random, c.src, s.batch, s.in_channels, in_plane);
  const std::vector<std::uint8_t> residual =
      block_bytes(random, c.epilogue.residual, s.batch, s.out_channels, out_plane);

  ConvS8Args args;
  args.shape = s;
  args.src = src.data();
  args.src_signed = c.src_signed;
  args.planar = c.planar;
  args.src_zero = c.src_zero;
  args.weights = weights.data();
  args.bias = bias.data();
  args.requantize = c.epilogue.requantize;
  args.requantize.multiplier = multiplier.data();
  double reach = 255.0 * 128 * s.group_in() * s.kernel_h * s.kernel_w;
  for (const std::int32_t b : bias) reach += std::abs(static_cast<double>(b));
  if (random.coin()) args.requantize.find_range(multiplier.size(), random.coin() ? reach : 0x1p31);
  args.requantize.residual = c.epilogue.residual.empty() ? nullptr : residual.data();

  const std::size_t element = args.requantize.bytes ? 1 : sizeof(float);
  const auto stored =
      static_cast<std::size_t>(s.batch * channel_blocks(s.out_channels) * kChannelBlock * out_plane);
  for (const int threads : {1, 3}) {
    GuardedBytes dst(stored * element);
    GuardedBytes scratch(scratch_size(args, threads));
    args.dst = dst.data();
    run(args, reinterpret_cast<std::byte*>(scratch.data()), pool_of(threads));
    ASSERT_TRUE(dst.intact() && scratch.intact());
    for (int n = 0; n < s.batch; ++n) {
      for (int o = 0; o < round_up(s.out_channels, kChannelBlock); ++o) {
        for (int y = 0; y < s.out_h; ++y) {
          for (int x = 0; x < s.out_w; ++x) {
            const auto at = static_cast<std::size_t>(
                ((n * channel_blocks(s.out_channels) + o / kChannelBlock) * out_plane + y * s.out_w + x) *
                    kChannelBlock +
                o % kChannelBlock);
            if (o >= s.out_channels) {
              if (!args.requantize.bytes) {
                ASSERT_EQ(dst.at<float>(at), 0.0F) << "padding lane " << o;
              }
              continue;
            }
            const auto plain =
                static_cast<std::size_t>((n * s.out_channels + o) * out_plane + y * s.out_w + x);
            const float expected =
                expected_result(c.epilogue, sum(n, o, y, x), static_cast<std::size_t>(o), plain);
            ASSERT_EQ(result_at(c.epilogue, dst, at), expected)
                << describe(s) << " image " << n << " channel " << o << " at " << y << ", " << x << ", "
                << threads << " threads";
          }
        }
      }
    }
  }
}

}  // namespace tenon::cpu::test
