// Convolutions of 16-bit floats for the tests of their kernels.
#pragma once

#include "backends/cpu/kernels/conv_half/conv_half.hpp"
#include "base/thread_pool.hpp"
#include "kernels/conv_support.hpp"
#include "kernels/half_support.hpp"
#include "kernels/s8_support.hpp"

namespace tenon::cpu::test {

// Random data, operands of either type, with one thread and with three. Way holds a `kernel` and has what its
// header declares, and
//   static std::vector<ExactSum> sums(const ConvShape&, const ConvData&);     [N, O, out_h, out_w]
template <class Way>
void check_way(Random& random, const Way& way, const ConvShape& s, const ConvHalfConfig& config,
               bool planar) {
  SCOPED_TRACE(testing::Message() << way.kernel.info.name << " " << describe(s) << " planar=" << planar
                                  << " pixels=" << config.pixels << " oc_blocks=" << config.oc_blocks
                                  << " oc_inner=" << config.oc_inner);
  const DataType type = way.type();
  const bool dst_single = random.coin(), residual_single = random.coin(), in_place = random.coin();
  ConvData d = random_data(random, s);
  round_to(type, d.weights);
  const std::vector<float> given = d.src;
  round_to(type, d.src);  // what planar floats become on the way
  if (!residual_single) round_to(type, d.residual);

  const std::ptrdiff_t out_plane = static_cast<std::ptrdiff_t>(s.out_h) * s.out_w;
  std::vector<std::uint16_t> weights(Way::packed_size(s));
  way.pack(s, d.weights.data(), weights.data());
  std::vector<float> bias(conv_packed_bias_size(s.out_channels));
  if (!d.bias.empty()) conv_pack_bias(d.bias.data(), s.out_channels, bias.data());
  const std::vector<std::byte> src =
      stored(type, planar ? given : block(d.src, s.batch, s.in_channels, s.in_h * s.in_w), planar);
  std::vector<std::byte> residual;
  if (!d.residual.empty())
    residual = stored(type, block(d.residual, s.batch, s.out_channels, out_plane), residual_single);

  ConvHalfArgs args;
  args.shape = s;
  args.config = config;
  args.src = src.data();
  args.planar = planar;
  args.weights = weights.data();
  args.bias = d.bias.empty() ? nullptr : bias.data();
  args.residual_single = residual_single;
  args.dst_single = dst_single;
  args.act = d.act;
  const std::vector<std::byte> ahead(random.coin() ? 64 * random.integer(1, 100) : 0);
  args.ahead = ahead;
  const auto count =
      static_cast<std::size_t>(s.batch * channel_blocks(s.out_channels) * out_plane * kChannelBlock);
  std::vector<std::uint8_t> once;
  for (const int threads : {1, 3}) {
    GuardedBytes dst(count * (dst_single ? 4 : 2));
    GuardedBytes scratch(way.scratch(args, threads));
    args.dst = dst.data();
    args.residual = residual.empty() ? nullptr : residual.data();
    if (!residual.empty() && in_place && residual_single == dst_single) {
      std::memcpy(dst.data(), residual.data(), residual.size());
      args.residual = dst.data();
    }
    way.run(args, reinterpret_cast<std::byte*>(scratch.data()), pool_of(threads));
    ASSERT_TRUE(dst.intact() && scratch.intact());
    if (threads > 1) {
      ASSERT_EQ(std::memcmp(once.data(), dst.data(), once.size()), 0) << "depends on the number of threads";
      break;
    }
    once.assign(dst.data(), dst.data() + count * (dst_single ? 4 : 2));
    const std::vector<float> got =
        unblock(read_stored(type, dst.data(), count, dst_single), s.batch, s.out_channels, out_plane);
    const double terms = static_cast<double>(s.group_in()) * s.kernel_h * s.kernel_w + 2;
    const std::vector<ExactSum> sums = Way::sums(s, d);
    std::size_t at = 0;
    for (int plane = 0; plane < s.batch * s.out_channels; ++plane) {
      for (int pixel = 0; pixel < out_plane; ++pixel, ++at) {
        const int n = plane / s.out_channels, o = plane % s.out_channels;
        const ExactSum& sum = sums[at];
        const double exact = activate(d.act, sum.value);
        ASSERT_NEAR(got[at], exact, half_bound(type, dst_single, terms, sum.magnitude, exact, sums_of(way)))
            << "at [" << n << ", " << o << ", " << pixel / s.out_w << ", " << pixel % s.out_w << "]";
      }
    }
  }
}

}  // namespace tenon::cpu::test
