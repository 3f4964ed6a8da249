// Every pooling of bytes that this machine runs against its formula, element by element.
#include "backends/cpu/kernels/pool_s8/pool_s8.hpp"

#include "kernels/s8_support.hpp"

#include <algorithm>

namespace tenon::cpu {
namespace {

using PoolS8Kernels = test::KernelTest<PoolS8Kernel>;

PoolArgs::Axis random_axis(test::Random& random) {
  PoolArgs::Axis a;
  a.kernel = random.integer(1, 4);
  a.stride = random.integer(1, 3);
  a.dilation = random.integer(1, 2);
  a.pad = random.integer(0, a.kernel - 1);
  a.pad_end = random.integer(0, a.kernel - 1);
  a.in = (a.kernel - 1) * a.dilation + random.integer(1, 12);
  a.out = pooled_size(a, random.coin());
  return a;
}

// What comes of the window at output o; `source` is one plane.
float expected_pool(const PoolS8Args& args, const std::uint8_t* source, const int (&o)[3]) {
  bool any = false;
  int most = 0, sum = 0, counted = 0;
  const auto& [depth, height, width] = args.axes;
  for (int z = 0; z < depth.kernel; ++z) {
    for (int y = 0; y < height.kernel; ++y) {
      for (int x = 0; x < width.kernel; ++x) {
        const int at[3] = {o[0] * depth.stride - depth.pad + z * depth.dilation,
                           o[1] * height.stride - height.pad + y * height.dilation,
                           o[2] * width.stride - width.pad + x * width.dilation};
        bool inside = true, padded = true;
        for (int i = 0; i < 3; ++i) {
          inside = inside && at[i] >= 0 && at[i] < args.axes[i].in;
          padded = padded && at[i] < args.axes[i].in + args.axes[i].pad_end;
        }
        counted += args.count_include_pad ? padded : inside;
        if (!inside) continue;
        const int value =
            test::byte_value(source[(at[0] * height.in + at[1]) * width.in + at[2]], args.is_signed);
        most = any ? std::max(most, value) : value;
        any = true;
        sum += value - args.src_zero;
      }
    }
  }
  if (args.kind == PoolArgs::Kind::max) return static_cast<float>(most);
  const float quotient = args.multiplier / static_cast<float>(counted);
  const float mean = static_cast<float>(sum) * quotient;
  const double low = args.is_signed ? -128 : 0;
  return static_cast<float>(
      std::clamp(std::nearbyint(static_cast<double>(mean)) + args.requantize.zero, low, low + 255));
}

void check_pool(test::Random& random, const PoolS8Kernel& kernel, const PoolS8Args& shape) {
  PoolS8Args args = shape;
  const auto plane = [](const PoolArgs::Axis(&axes)[3], int PoolArgs::Axis::*size) {
    return static_cast<std::ptrdiff_t>(axes[0].*size) * axes[1].*size * axes[2].*size;
  };
  const std::ptrdiff_t in = plane(args.axes, &PoolArgs::Axis::in),
                       out = plane(args.axes, &PoolArgs::Axis::out);
  const auto source = test::random_bytes(random, static_cast<std::size_t>(args.batch * args.channels * in));
  const auto blocked =
      test::block_bytes(random, source, static_cast<int>(args.batch), static_cast<int>(args.channels), in);
  for (const int threads : {1, 3}) {
    const std::ptrdiff_t blocks = channel_blocks(args.channels);
    test::GuardedBytes dst(static_cast<std::size_t>(args.batch * blocks * out * kChannelBlock));
    args.src = blocked.data();
    args.dst = dst.data();
    pool_s8_run(kernel, args, test::pool_of(threads));
    ASSERT_TRUE(dst.intact());
    for (std::ptrdiff_t c = 0; c < args.batch * args.channels; ++c) {
      const std::ptrdiff_t block = c / args.channels * blocks + c % args.channels / kChannelBlock;
      for (std::ptrdiff_t p = 0; p < out; ++p) {
        const auto [depth, height, width] = args.axes;
        const int o[3] = {static_cast<int>(p / width.out / height.out),
                          static_cast<int>(p / width.out % height.out), static_cast<int>(p % width.out)};
        const auto at =
            static_cast<std::size_t>((block * out + p) * kChannelBlock + c % args.channels % kChannelBlock);
        ASSERT_EQ(static_cast<float>(test::byte_value(dst.at<std::uint8_t>(at), args.is_signed)),
                  expected_pool(args, source.data() + c * in, o))
            << "channel " << c << " output " << p;
      }
    }
  }
}

TEST_P(PoolS8Kernels, RandomWindows) {
  test::Random random;
  SCOPED_TRACE(random.trace());
  for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
    PoolS8Args args;
    args.kind = random.coin() ? PoolArgs::Kind::max : PoolArgs::Kind::average;
    args.count_include_pad = random.coin();
    args.is_signed = random.coin();
    args.batch = random.integer(1, 2);
    args.channels = random.integer(1, 40);
    for (int axis = random.integer(0, 2); axis < 3; ++axis) args.axes[axis] = random_axis(random);
    args.multiplier = random.real(0.2F, 2.0F);
    const int low = args.is_signed ? -128 : 0;
    args.src_zero = random.integer(low, low + 255);
    args.requantize.to_bytes(low, low + 255, random.integer(low, low + 255));
    check_pool(random, kernel(), args);
  }
}

TENON_FOR_EACH_KERNEL(PoolS8Kernels, pool_s8_kernels());

TEST(SelectPoolS8, ObeysTheLevel) { test::expect_selection_by_level(pool_s8_kernels(), select_pool_s8); }

}  // namespace
}  // namespace tenon::cpu
