#include "backends/cpu/kernels/matrix_s8/conv_matrix_s8.hpp"

#include "backends/cpu/kernels/conv_s8/form.hpp"
#include "backends/cpu/kernels/deconv_s8/deconv_s8.hpp"
#include "backends/cpu/kernels/matrix/conv_walk.hpp"
#include "backends/cpu/kernels/matrix/pack.hpp"

namespace tenon::cpu {

namespace {

struct ByteMatrixConv {
  using Kernel = MatrixS8Kernel;
  using Args = ConvS8Args;
  using Work = MatrixS8Work;
  static constexpr bool kTransposed = false;

  static MatrixSource source(const Kernel& kernel, const Args& args) {
    MatrixSource source{};
    source.src = reinterpret_cast<const std::byte*>(args.src);
    source.element = 1;
    source.planar = args.planar;
    source.flip = args.src_signed ? 0x80 : 0;
    source.zero = static_cast<std::uint8_t>(args.src_zero ^ source.flip);
    source.join = kernel.join;
    return source;
  }

  static void set_epilogue(const Args& args, std::ptrdiff_t block, Work& work) {
    work.bias = args.bias + block * kChannelBlock;
    work.requantize = &args.requantize;
    work.multiplier = args.requantize.multiplier + block * kChannelBlock;
  }

  static constexpr auto clear_padding = ByteForm::clear_padding;
};

struct ByteMatrixDeconv : ByteMatrixConv {
  static constexpr bool kTransposed = true;
  // deconv_s8_pack_bias makes a list for each class of outputs, which here have one tap each.
  static void set_tap(const Args& args, std::ptrdiff_t tap, Work& work) {
    work.bias += tap * static_cast<std::ptrdiff_t>(conv_s8_packed_bias_size(args.shape));
  }
};

}  // namespace

const char* conv_matrix_s8_refusal(const ConvShape& shape, bool planar) {
  const char* reason = conv_matrix_refusal(shape);
  return reason ? reason : conv_s8_refusal(shape, planar);
}

ConvS8Configs conv_matrix_s8_configs(const ConvShape& shape) { return conv_matrix_configs(shape, 1); }

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

const char* deconv_matrix_s8_refusal(const ConvShape& shape) {
  const char* reason = by_tap_refusal(shape);
  if (reason == nullptr) reason = deconv_s8_refusal(shape);
  return reason ? reason : conv_matrix_s8_refusal(by_tap(shape), false);
}

std::size_t deconv_matrix_s8_packed_size(const ConvShape& shape) {
  return matrix_packed_transposed_size(shape, 1);
}

void deconv_matrix_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int8_t* packed) noexcept {
  matrix_pack_transposed(shape, packed, [weights](std::ptrdiff_t i) { return weights[i]; });
}

std::size_t deconv_matrix_s8_scratch_size(const MatrixS8Kernel& kernel, const ConvS8Args& args, int threads) {
  return conv_matrix_scratch_size<ByteMatrixDeconv>(kernel, args, threads);
}

void deconv_matrix_s8_run(const MatrixS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                          ThreadPool& pool) noexcept {
  conv_matrix_run<ByteMatrixDeconv>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu
