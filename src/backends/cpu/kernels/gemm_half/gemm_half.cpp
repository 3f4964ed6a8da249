#include "backends/cpu/kernels/gemm_half/gemm_half.hpp"

#include "backends/cpu/kernels/band/products.hpp"

#include <cstring>
#include <vector>

namespace tenon::cpu {

namespace {

ConvShape half_product(int k, int n) {
  ConvShape s;
  s.in_channels = k;
  s.out_channels = n;
  s.in_h = s.in_w = s.out_h = s.out_w = 1;
  return s;
}

struct HalfProduct {
  using Kernel = ConvHalfKernel;
  using Args = GemmHalfArgs;
  using Tile = ConvHalfTile;
  static constexpr int kGroup = kHalfGroup;
  static constexpr int kWeightBytes = 2;

  static bool copied(const Kernel& kernel, const Args& args) {
    return kernel.wide || args.a_single || args.k % kHalfGroup != 0 || products_pay_copies(args.m, args.n);
  }
  static int element(const Args&) { return 2; }
  static const std::byte* row(const Args& args, std::ptrdiff_t row) {
    return static_cast<const std::byte*>(args.a) + row * args.k * (args.a_single ? 4 : 2);
  }
  static const std::byte* copy_row(const Kernel& kernel, const Args& args, std::ptrdiff_t at, int first,
                                   int count, std::byte* to) {
    const std::byte* from = row(args, at) + first * (args.a_single ? 4 : 2);
    if (args.a_single) {
      kernel.copy_single(reinterpret_cast<const float*>(from), count, to);
    } else if (kernel.wide || count % kHalfGroup != 0) {
      kernel.copy(from, count, to);
    } else {
      return from;
    }
    // Beside a weight of zero, but an infinity or NaN would count.
    if (count % kHalfGroup != 0)
      std::memset(to + static_cast<std::ptrdiff_t>(count) * kernel.element(), 0,
                  static_cast<std::size_t>(kernel.element()));
    return to;
  }
  static void set_operands(const Args& args, std::ptrdiff_t block, Tile& t) {
    t.weights = args.b + block * t.weights_oc_block;
    t.bias = args.bias ? args.bias + block * kChannelBlock : nullptr;
    t.factors = args.factors ? args.factors + block * kChannelBlock : nullptr;
    t.act = args.act;
    t.dst = args.c;
    t.dst_single = args.c_single;
    t.residual = args.residual;
    t.residual_single = args.residual_single;
  }
  static const ProductFinish* finish(const Args&) { return nullptr; }
};

}  // namespace

std::size_t gemm_half_packed_size(int k, int n) { return conv_half_packed_size(half_product(k, n)); }

void gemm_half_pack(const float* b, bool transposed, int k, int n, DataType type, std::uint16_t* packed) {
  if (transposed) return conv_half_pack(half_product(k, n), type, b, packed);
  std::vector<float> rows(static_cast<std::size_t>(k) * static_cast<std::size_t>(n));
  for (std::ptrdiff_t j = 0; j < n; ++j) {
    for (std::ptrdiff_t i = 0; i < k; ++i) rows[static_cast<std::size_t>(j * k + i)] = b[i * n + j];
  }
  conv_half_pack(half_product(k, n), type, rows.data(), packed);
}

std::size_t gemm_half_scratch_size(const ConvHalfKernel& kernel, const GemmHalfArgs& args, int threads) {
  if (args.m == 0 || args.n == 0 || !HalfProduct::copied(kernel, args)) return 0;
  return products_scratch_size(args.m, args.k, kernel.element(), kHalfMostPixels, threads);
}

void gemm_half_run(const ConvHalfKernel& kernel, const GemmHalfArgs& args, std::byte* scratch,
                   ThreadPool& pool) noexcept {
  products_run<HalfProduct>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu
