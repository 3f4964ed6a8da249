#include "backends/cpu/kernels/matrix_bf16/conv_matrix_bf16.hpp"

#include "backends/cpu/kernels/conv_half/form.hpp"
#include "backends/cpu/kernels/matrix/conv_walk.hpp"
#include "backends/cpu/kernels/matrix/pack.hpp"

namespace tenon::cpu {

namespace {

struct HalfMatrixConv {
  using Kernel = MatrixBf16Kernel;
  using Args = ConvHalfArgs;
  using Work = MatrixBf16Work;
  static constexpr bool kTransposed = false;

  static MatrixSource source(const Kernel& kernel, const Args& args) {
    MatrixSource source{};
    source.src = static_cast<const std::byte*>(args.src);
    source.element = 2;
    source.planar = args.planar ? 4 : 0;
    source.clear = true;
    source.interleave = kernel.interleave;
    source.join = kernel.join;
    return source;
  }

  static void set_epilogue(const Args& args, std::ptrdiff_t block, Work& work) {
    work.bias = args.bias ? args.bias + block * kChannelBlock : nullptr;
    work.act = args.act;
    work.residual = args.residual;
    work.residual_single = args.residual_single;
    work.dst_single = args.dst_single;
  }

  static constexpr auto clear_padding = HalfForm::clear_padding;
};

struct HalfMatrixDeconv : HalfMatrixConv {
  static constexpr bool kTransposed = true;
  static void set_tap(const Args&, std::ptrdiff_t, Work&) {}
};

}  // namespace

const char* conv_matrix_bf16_refusal(const ConvShape& shape, bool planar) {
  if (const char* reason = conv_matrix_refusal(shape)) return reason;
  if (planar && shape.groups != 1) return "plain images have one group";
  return conv_half_refusal(shape, false);
}

ConvHalfConfigs conv_matrix_bf16_configs(const ConvShape& shape) { return conv_matrix_configs(shape, 2); }

std::ptrdiff_t conv_matrix_bf16_depth(const ConvShape& shape) {
  const MatrixSteps steps(conv_merged(shape), 2);
  return static_cast<std::ptrdiff_t>(steps.count()) * steps.depth();
}

std::size_t conv_matrix_bf16_packed_size(const ConvShape& shape) { return matrix_packed_size(shape, 2); }

void conv_matrix_bf16_pack(const ConvShape& shape, const float* weights, std::uint16_t* packed) noexcept {
  matrix_pack(shape, packed, [weights](std::ptrdiff_t i) { return bfloat16(weights[i]).bits; });
}

std::size_t conv_matrix_bf16_scratch_size(const MatrixBf16Kernel& kernel, const ConvHalfArgs& args,
                                          int threads) {
  return conv_matrix_scratch_size<HalfMatrixConv>(kernel, args, threads);
}

void conv_matrix_bf16_run(const MatrixBf16Kernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                          ThreadPool& pool) noexcept {
  conv_matrix_run<HalfMatrixConv>(kernel, args, scratch, pool);
}

const char* deconv_matrix_bf16_refusal(const ConvShape& shape) {
  const char* reason = by_tap_refusal(shape);
  return reason ? reason : conv_matrix_bf16_refusal(by_tap(shape), false);
}

std::size_t deconv_matrix_bf16_packed_size(const ConvShape& shape) {
  return matrix_packed_transposed_size(shape, 2);
}

void deconv_matrix_bf16_pack(const ConvShape& shape, const float* weights, std::uint16_t* packed) noexcept {
  matrix_pack_transposed(shape, packed, [weights](std::ptrdiff_t i) { return bfloat16(weights[i]).bits; });
}

std::size_t deconv_matrix_bf16_scratch_size(const MatrixBf16Kernel& kernel, const ConvHalfArgs& args,
                                            int threads) {
  return conv_matrix_scratch_size<HalfMatrixDeconv>(kernel, args, threads);
}

void deconv_matrix_bf16_run(const MatrixBf16Kernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                            ThreadPool& pool) noexcept {
  conv_matrix_run<HalfMatrixDeconv>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu
