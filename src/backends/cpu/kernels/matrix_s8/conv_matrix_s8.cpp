#include "backends/cpu/kernels/matrix_s8/conv_matrix_s8.hpp"

#include "backends/cpu/kernels/matrix/conv_walk.hpp"
#include "backends/cpu/kernels/matrix/pack.hpp"
#include "backends/cpu/kernels/padding.hpp"

namespace tenon::cpu {

namespace {

struct ByteMatrixConv {
  using Kernel = MatrixS8Kernel;
  using Args = ConvS8Args;
  using Work = MatrixS8Work;

  static MatrixSource source(const Kernel&, const Args& args) {
    MatrixSource source{};
    source.src = reinterpret_cast<const std::byte*>(args.src);
    source.element = 1;
    source.planar = args.planar;
    source.flip = args.src_signed ? 0x80 : 0;
    source.zero = static_cast<std::uint8_t>(args.src_zero ^ source.flip);
    return source;
  }

  static void set_epilogue(const Args& args, std::ptrdiff_t block, Work& work) {
    work.bias = args.bias + block * kChannelBlock;
    work.requantize = &args.requantize;
    work.multiplier = args.requantize.multiplier + block * kChannelBlock;
  }

  static void clear_padding(const Args& args, std::ptrdiff_t at, std::ptrdiff_t pixels, int lanes) {
    if (!args.requantize.bytes) clear_padding_lanes(static_cast<float*>(args.dst) + at, pixels, lanes);
  }
};

}  // namespace

const char* conv_matrix_s8_refusal(const ConvShape& shape, bool planar) {
  if (shape.in_channels == 0 || shape.kernel_h == 0 || shape.kernel_w == 0) return "nothing is multiplied";
  return conv_s8_refusal(shape, planar);
}

ConvS8Configs conv_matrix_s8_configs(const ConvShape& shape) {
  const ConvShape s = conv_merged(shape);
  ConvS8Configs all;
  ConvS8Config config;
  config.pixels = kMatrixPair * kMatrixRows;
  config.oc_blocks = kMatrixPair;
  all.configs[all.count++] = config;
  if (s.group_out() > kMatrixPair * kChannelBlock) {
    config.oc_inner = true;
    all.configs[all.count++] = config;
  }
  return all;
}

std::ptrdiff_t conv_matrix_s8_depth(const ConvShape& shape) {
  return static_cast<std::ptrdiff_t>(MatrixSteps(conv_merged(shape), 1).count()) * kMatrixDepth;
}

std::size_t conv_matrix_s8_packed_size(const ConvShape& shape) { return matrix_packed_size(shape, 1); }

void conv_matrix_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int8_t* packed) noexcept {
  matrix_pack(shape, packed, [weights](std::ptrdiff_t i) { return weights[i]; });
}

std::size_t conv_matrix_s8_scratch_size(const MatrixS8Kernel& kernel, const ConvS8Args& args, int threads) {
  return conv_matrix_scratch_size<ByteMatrixConv>(kernel, args, threads);
}

void conv_matrix_s8_run(const MatrixS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                        ThreadPool& pool) noexcept {
  conv_matrix_run<ByteMatrixConv>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu
