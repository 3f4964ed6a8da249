#include "backends/cpu/kernels/gemm_s8/gemm_s8.hpp"

#include "backends/cpu/kernels/band/products.hpp"

#include <cstring>
#include <vector>

namespace tenon::cpu {

namespace {

ConvShape as_conv(int k, int n) {
  ConvShape s;
  s.in_channels = k;
  s.out_channels = n;
  s.in_h = s.in_w = s.out_h = s.out_w = 1;
  return s;
}

// b as [n][k], which is what the weights of a convolution are.
std::vector<std::int8_t> rows_of_outputs(const std::int8_t* b, bool transposed, int k, int n) {
  std::vector<std::int8_t> rows(static_cast<std::size_t>(k) * static_cast<std::size_t>(n));
  for (std::ptrdiff_t j = 0; j < n; ++j) {
    for (std::ptrdiff_t i = 0; i < k; ++i)
      rows[static_cast<std::size_t>(j * k + i)] = b[transposed ? j * k + i : i * n + j];
  }
  return rows;
}

struct S8Product {
  using Kernel = ConvS8Kernel;
  using Args = GemmS8Args;
  using Tile = ConvS8Tile;
  static constexpr int kGroup = kS8Group;
  static constexpr int kWeightBytes = 1;

  static bool copied(const Kernel& kernel, const Args& args) {
    return kernel.wide || args.a_signed || args.k % kS8Group != 0 || products_pay_copies(args.m, args.n);
  }
  static int element(const Args&) { return 1; }
  static const std::byte* row(const Args& args, std::ptrdiff_t row) {
    return reinterpret_cast<const std::byte*>(args.a + row * args.k);
  }
  static const std::byte* copy_row(const Kernel& kernel, const Args& args, std::ptrdiff_t at, int first,
                                   int count, std::byte* to) {
    copy_s8_row(kernel, args.a + at * args.k + first, count, args.a_signed ? 0x80 : 0, to);
    return to;
  }
  static void set_operands(const Args& args, std::ptrdiff_t block, Tile& t) {
    t.weights = args.b + block * t.weights_oc_block;
    t.bias = args.bias + block * kChannelBlock;
    t.requantize = &args.requantize;
    t.multiplier = args.requantize.multiplier + block * kChannelBlock;
    t.dst = args.c;
  }
  static const ProductFinish* finish(const Args& args) { return args.finished ? args.finish : nullptr; }
};

bool is_empty(const GemmS8Args& args) { return args.m == 0 || args.n == 0; }

}  // namespace

std::size_t gemm_s8_packed_size(int k, int n) { return conv_s8_packed_size(as_conv(k, n)); }

void gemm_s8_pack(const std::int8_t* b, bool transposed, int k, int n, std::int8_t* packed) {
  conv_s8_pack(as_conv(k, n), rows_of_outputs(b, transposed, k, n).data(), packed);
}

std::size_t gemm_s8_packed_bias_size(int n) { return conv_s8_packed_bias_size(as_conv(0, n)); }

void gemm_s8_pack_bias(const std::int8_t* b, bool transposed, int k, int n, const std::int32_t* bias,
                       bool a_signed, int a_zero, std::int32_t* packed) {
  conv_s8_pack_bias(as_conv(k, n), rows_of_outputs(b, transposed, k, n).data(), bias, a_signed, a_zero,
                    packed);
}

std::size_t gemm_s8_scratch_size(const GemmS8Args& args, int threads) {
  constexpr int kMostBytes = 2;  // of an element, as wide kernels have it
  if (is_empty(args)) return 0;
  return products_scratch_size(args.m, args.k, kMostBytes, kS8MostPixels, threads) +
         (args.finished ? finished_scratch_size(threads) : 0);
}

void gemm_s8_run(const ConvS8Kernel& kernel, const GemmS8Args& args, std::byte* scratch,
                 ThreadPool& pool) noexcept {
  products_run<S8Product>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu
