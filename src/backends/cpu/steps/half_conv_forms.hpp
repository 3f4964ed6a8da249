// The forms in which convolutions of values that are stored in 16 bits run, as conv_forms.hpp has them for
// floats (depthwise ones are there: they compute in f32).
//
//   blocked  cpu.conv_bf16, cpu.conv_f16                nchw16c of the type → nchw16c of the type or f32
//   planar   cpu.conv_bf16_planar, cpu.conv_f16_planar  nchw of f32, at most 4 input channels → the same
//   transposed  cpu.conv_transpose_bf16, cpu.conv_transpose_f16  as blocked, transposed
//   matrix   cpu.conv_bf16_matrix, cpu.conv_bf16_matrix_planar, cpu.conv_transpose_bf16_matrix: those of bf16
//            by AMX, planar ones of any number of channels, transposed ones where windows do not overlap
//   chained  cpu.conv_f16_chained, cpu.conv_f16_chained_planar, cpu.conv_transpose_f16_chained: those of f16
//            with sums of some products in f16 (kernels/conv_half/scaled.hpp)
#pragma once

#include "backends/cpu/kernels/conv_half/conv_half.hpp"
#include "backends/cpu/kernels/conv_half/scaled.hpp"
#include "backends/cpu/kernels/conv_half/transposed.hpp"
#include "backends/cpu/kernels/matrix/by_tap.hpp"
#include "backends/cpu/kernels/matrix_bf16/conv_matrix_bf16.hpp"
#include "backends/cpu/steps/conv_geometry.hpp"

#include <string_view>

namespace tenon::cpu {

template <DataType Type, bool Planar>
struct HalfConvForm {
  using Op = op::Conv;
  using Kernel = ConvHalfKernel;
  static constexpr std::string_view kKind = Type == DataType::bf16
                                                ? (Planar ? "cpu.conv_bf16_planar" : "cpu.conv_bf16")
                                                : (Planar ? "cpu.conv_f16_planar" : "cpu.conv_f16");
  static constexpr DataType kType = Type;
  static constexpr bool kPlainInput = Planar;

  static const Kernel* select(Isa level) { return select_conv_half(level, Type); }
  static const char* refusal(const ConvShape& s) { return conv_half_refusal(s, Planar); }
  // Of an output, with those of padding.
  static double products(const ConvShape& s) {
    return static_cast<double>(round_up(conv_merged(s).group_in(), kHalfGroup)) * s.kernel_h * s.kernel_w;
  }
  static ConvHalfConfigs configs(const Kernel& kernel, const ConvShape& s) {
    return conv_half_configs(kernel, s);
  }
  static std::size_t packed_size(const ConvShape& s) { return conv_half_packed_size(s); }
  static void pack(const ConvShape& s, const float* from, std::uint16_t* to) {
    conv_half_pack(s, Type, from, to);
  }
  static std::size_t scratch(const Kernel& kernel, const ConvHalfArgs& args, int threads) {
    return conv_half_scratch_size(kernel, args, threads);
  }
  static void run(const Kernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    conv_half_run(kernel, args, scratch, pool);
  }
  static std::ptrdiff_t lines_ahead(const Kernel& kernel, const ConvHalfArgs& args) {
    return conv_half_lines_ahead(kernel, args);
  }
};

template <bool Planar>
struct Bf16ConvMatrixForm {
  using Op = op::Conv;
  using Kernel = MatrixBf16Kernel;
  static constexpr std::string_view kKind = Planar ? "cpu.conv_bf16_matrix_planar" : "cpu.conv_bf16_matrix";
  static constexpr DataType kType = DataType::bf16;
  static constexpr bool kPlainInput = Planar;
  // Offered at the AMX level; plans that were made there run everywhere.
  static constexpr bool kMatrices = true;

  static const Kernel* select(Isa level) { return select_matrix_bf16(level); }
  static const char* refusal(const ConvShape& s) { return conv_matrix_bf16_refusal(s, Planar); }
  static double products(const ConvShape& s) { return static_cast<double>(conv_matrix_bf16_depth(s)); }
  static ConvHalfConfigs configs(const Kernel&, const ConvShape& s) { return conv_matrix_bf16_configs(s); }
  static std::size_t packed_size(const ConvShape& s) { return conv_matrix_bf16_packed_size(s); }
  static void pack(const ConvShape& s, const float* from, std::uint16_t* to) {
    conv_matrix_bf16_pack(s, from, to);
  }
  static std::size_t scratch(const Kernel& kernel, const ConvHalfArgs& args, int threads) {
    return conv_matrix_bf16_scratch_size(kernel, args, threads);
  }
  static void run(const Kernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    conv_matrix_bf16_run(kernel, args, scratch, pool);
  }
};

template <DataType Type>
struct HalfConvTransposedForm : HalfConvForm<Type, false> {
  using Op = op::ConvTranspose;
  using typename HalfConvForm<Type, false>::Kernel;
  static constexpr std::string_view kKind =
      Type == DataType::bf16 ? "cpu.conv_transpose_bf16" : "cpu.conv_transpose_f16";

  // Each output meets the taps of its class.
  static double products(const ConvShape& s) {
    return HalfConvForm<Type, false>::products(s) / (s.stride_h * s.stride_w);
  }
  static ConvHalfConfigs configs(const Kernel& kernel, const ConvShape& s) {
    return deconv_half_configs(kernel, s);
  }
  static void pack(const ConvShape& s, const float* from, std::uint16_t* to) {
    deconv_half_pack(s, Type, from, to);
  }
  static std::size_t scratch(const Kernel& kernel, const ConvHalfArgs& args, int threads) {
    return deconv_half_scratch_size(kernel, args, threads);
  }
  static void run(const Kernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    deconv_half_run(kernel, args, scratch, pool);
  }
};

struct Bf16ConvTransposedMatrix : Bf16ConvMatrixForm<false> {
  using Op = op::ConvTranspose;
  static constexpr std::string_view kKind = "cpu.conv_transpose_bf16_matrix";

  static const char* refusal(const ConvShape& s) { return deconv_matrix_bf16_refusal(s); }
  static double products(const ConvShape& s) { return Bf16ConvMatrixForm<false>::products(by_tap(s)); }
  static ConvHalfConfigs configs(const Kernel&, const ConvShape& s) {
    return conv_matrix_bf16_configs(by_tap(s));
  }
  static std::size_t packed_size(const ConvShape& s) { return deconv_matrix_bf16_packed_size(s); }
  static void pack(const ConvShape& s, const float* from, std::uint16_t* to) {
    deconv_matrix_bf16_pack(s, from, to);
  }
  static std::size_t scratch(const Kernel& kernel, const ConvHalfArgs& args, int threads) {
    return deconv_matrix_bf16_scratch_size(kernel, args, threads);
  }
  static void run(const Kernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    deconv_matrix_bf16_run(kernel, args, scratch, pool);
  }
};

// What chained forms do otherwise than `Form`, whose weights scaled_pack packs.
template <class Form>
struct ChainedHalfConvForm : Form {
  using typename Form::Kernel;
  // Offered where the processor adds in f16; plans that were made there run everywhere.
  static constexpr bool kChained = true;

  static const Kernel* select(Isa level) { return select_conv_half_chained(level); }
  static std::size_t packed_size(const ConvShape& s) {
    return scaled_f16_size(conv_half_packed_size(s), s.out_channels);
  }
  static void run(const Kernel& kernel, ConvHalfArgs args, std::byte* scratch, ThreadPool& pool) noexcept {
    args.factors = scaled_f16_factors(args.weights, conv_half_packed_size(args.shape));
    Form::run(kernel, args, scratch, pool);
  }
};

template <bool Planar>
struct F16ConvChainedForm : ChainedHalfConvForm<HalfConvForm<DataType::f16, Planar>> {
  static constexpr std::string_view kKind = Planar ? "cpu.conv_f16_chained_planar" : "cpu.conv_f16_chained";

  static void pack(const ConvShape& s, const float* from, std::uint16_t* to) {
    conv_f16_scaled_pack(s, from, to);
  }
};

struct F16ConvTransposedChained : ChainedHalfConvForm<HalfConvTransposedForm<DataType::f16>> {
  static constexpr std::string_view kKind = "cpu.conv_transpose_f16_chained";

  static void pack(const ConvShape& s, const float* from, std::uint16_t* to) {
    deconv_f16_scaled_pack(s, from, to);
  }
};

using Bf16Conv = HalfConvForm<DataType::bf16, false>;
using Bf16ConvPlanar = HalfConvForm<DataType::bf16, true>;
using Bf16ConvTransposed = HalfConvTransposedForm<DataType::bf16>;
using F16Conv = HalfConvForm<DataType::f16, false>;
using F16ConvPlanar = HalfConvForm<DataType::f16, true>;
using F16ConvTransposed = HalfConvTransposedForm<DataType::f16>;
using F16ConvChained = F16ConvChainedForm<false>;
using F16ConvChainedPlanar = F16ConvChainedForm<true>;
using Bf16ConvMatrix = Bf16ConvMatrixForm<false>;
using Bf16ConvMatrixPlanar = Bf16ConvMatrixForm<true>;

}  // namespace tenon::cpu
