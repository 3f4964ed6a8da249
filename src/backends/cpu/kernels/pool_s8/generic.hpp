// pool_s8.hpp over the vector types of bytes/: a pixel's 16 channels are one vector of bytes, or a few of
// i32.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/pool_s8/pool_s8.hpp"
#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu {
namespace {

// The taps [first, last) of one axis that fall into the input at an output, and how many count.
struct S8Window {
  int start;
  int first;
  int last;
  int counted;
};

int s8_taps_below(const PoolArgs::Axis& a, int start, int limit) {
  const int n = limit <= start ? 0 : (limit - start + a.dilation - 1) / a.dilation;
  return n < a.kernel ? n : a.kernel;
}

S8Window s8_window(const PoolS8Args& args, const PoolArgs::Axis& a, int o) {
  const int start = o * a.stride - a.pad;
  const int first = s8_taps_below(a, start, 0), last = s8_taps_below(a, start, a.in);
  return {start, first, last,
          args.count_include_pad ? s8_taps_below(a, start, a.in + a.pad_end) : last - first};
}

template <bool Signed>
struct MaxOf {
  simd::Bytes16 value = simd::Bytes16::set1(Signed ? 0x80 : 0);

  TENON_SIMD void add(const std::uint8_t* pixel) {
    value = simd::largest<Signed>(value, simd::Bytes16::load(pixel));
  }
  TENON_SIMD void store(const PoolS8Args&, int, int, std::uint8_t* to) const { value.store(to); }
};

template <bool Signed>
struct MeanOf {
  static constexpr int kVectors = kChannelBlock / simd::I32::kLanes;
  simd::I32 sum[kVectors];

  TENON_SIMD MeanOf() {
    for (auto& lanes : sum) lanes = simd::I32::zero();
  }
  TENON_SIMD void add(const std::uint8_t* pixel) {
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      const std::uint8_t* at = pixel + v.value * simd::I32::kLanes;
      sum[v.value] = sum[v.value] + (Signed ? simd::load_i8(at) : simd::load_u8(at));
    });
  }
  TENON_SIMD void store(const PoolS8Args& args, int taps, int counted, std::uint8_t* to) const {
    const simd::I32 zeros = simd::I32::set1(static_cast<std::int32_t>(
        static_cast<std::uint32_t>(taps) * static_cast<std::uint32_t>(args.src_zero)));
    const simd::F32 scale = simd::F32::set1(args.multiplier / static_cast<float>(counted));
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      simd::F32 mean[1] = {to_float(sum[v.value] - zeros) * scale};
      activate_quantized(args.requantize, mean);
      store_quantized(args.requantize, mean, to, v.value * simd::I32::kLanes);
    });
  }
};

template <class Fold>
inline __attribute__((always_inline)) void pool_bytes(const PoolS8Args& args, std::ptrdiff_t begin,
                                                      std::ptrdiff_t end) {
  const PoolArgs::Axis& depth = args.axes[0];
  const PoolArgs::Axis& height = args.axes[1];
  const PoolArgs::Axis& width = args.axes[2];
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(width.in) * kChannelBlock;
  const std::ptrdiff_t slice = row * height.in;
  const Range inside =
      interior(width.stride, width.pad, (width.kernel - 1) * width.dilation, width.in, width.out);
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const S8Window d = s8_window(args, depth, static_cast<int>(unit / height.out % depth.out));
    const S8Window h = s8_window(args, height, static_cast<int>(unit % height.out));
    const std::uint8_t* plane =
        args.src + unit / (static_cast<std::ptrdiff_t>(height.out) * depth.out) * slice * depth.in;
    std::uint8_t* to = args.dst + unit * width.out * kChannelBlock;
    for (int o = 0; o < width.out; ++o, to += kChannelBlock) {
      const bool whole = o >= inside.begin && o < inside.end;
      const S8Window w = whole ? S8Window{o * width.stride - width.pad, 0, width.kernel, width.kernel}
                               : s8_window(args, width, o);
      Fold fold;
      for (int z = d.first; z < d.last; ++z) {
        for (int y = h.first; y < h.last; ++y) {
          const std::uint8_t* line =
              plane + (d.start + z * depth.dilation) * slice + (h.start + y * height.dilation) * row;
          const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(width.dilation) * kChannelBlock;
          const std::uint8_t* pixel = line + static_cast<std::ptrdiff_t>(w.start) * kChannelBlock;
          if (whole && width.kernel == 3) {
            unroll<3>([&](auto x) TENON_INLINE_LAMBDA { fold.add(pixel + x.value * step); });
          } else if (whole && width.kernel == 2) {
            unroll<2>([&](auto x) TENON_INLINE_LAMBDA { fold.add(pixel + x.value * step); });
          } else {
            for (int x = w.first; x < w.last; ++x) fold.add(pixel + x * step);
          }
        }
      }
      fold.store(args, (d.last - d.first) * (h.last - h.first) * (w.last - w.first),
                 d.counted * h.counted * w.counted, to);
    }
  }
}

void pool_s8_rows(const PoolS8Args& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  if (args.kind == PoolArgs::Kind::max) {
    args.is_signed ? pool_bytes<MaxOf<true>>(args, begin, end) : pool_bytes<MaxOf<false>>(args, begin, end);
  } else {
    args.is_signed ? pool_bytes<MeanOf<true>>(args, begin, end) : pool_bytes<MeanOf<false>>(args, begin, end);
  }
}

}  // namespace
}  // namespace tenon::cpu
