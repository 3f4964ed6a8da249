// The forms in which convolutions of bytes run, as conv_forms.hpp has them for floats.
//
//   blocked    cpu.quantized_conv            nchw16c → nchw16c
//   planar     cpu.quantized_conv_planar     nchw → nchw16c, at most 4 input channels
//   depthwise  cpu.quantized_conv_depthwise  nchw16c → nchw16c, one channel a group
//   transposed cpu.quantized_conv_transpose  nchw16c → nchw16c
//   winograd   cpu.quantized_conv_winograd   nchw16c → nchw16c, 3x3 by Winograd's algorithm
//   matrix     cpu.quantized_conv_matrix, cpu.quantized_conv_matrix_planar,
//   cpu.quantized_conv_transpose_matrix:
//              the first two by AMX, and transposed ones where windows do not overlap
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"
#include "backends/cpu/kernels/deconv_s8/deconv_s8.hpp"
#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"
#include "backends/cpu/kernels/matrix/by_tap.hpp"
#include "backends/cpu/kernels/matrix_s8/conv_matrix_s8.hpp"
#include "backends/cpu/kernels/winograd_s8/winograd_s8.hpp"
#include "backends/cpu/steps/byte_weights.hpp"
#include "backends/cpu/steps/conv_geometry.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "base/check.hpp"
#include "ops/conv_window.hpp"
#include "ops/quantized_conv_transpose.hpp"

#include <string_view>
#include <type_traits>

namespace tenon::cpu {

// Filters of [M, C/group, kernel…].
struct QuantizedConvFilter {
  using Op = op::QuantizedConv;
  using Weight = std::int8_t;  // what filters are packed into
  static std::size_t packed_bias_size(const ConvShape& s) { return conv_s8_packed_bias_size(s); }
  static void pack_bias(const ConvShape& s, const std::int8_t* weights, const std::int32_t* bias,
                        bool src_signed, int src_zero, std::int32_t* packed) {
    conv_s8_pack_bias(s, weights, bias, src_signed, src_zero, packed);
  }
};

template <bool Planar>
struct QuantizedConvForm : QuantizedConvFilter {
  using Kernel = ConvS8Kernel;
  static constexpr std::string_view kKind = Planar ? "cpu.quantized_conv_planar" : "cpu.quantized_conv";
  static constexpr bool kPlainInput = Planar;
  static const Kernel* select(Isa level) { return select_conv_s8(level); }
  static const char* refusal(const ConvShape& s) { return conv_s8_refusal(s, Planar); }
  // Of an output, with those of padding.
  static double products(const ConvShape& s) {
    return static_cast<double>(round_up(conv_merged(s).group_in(), kS8Group)) * s.kernel_h * s.kernel_w;
  }
  static ConvS8Configs configs(const Kernel& kernel, const ConvShape& s) {
    return conv_s8_configs(kernel, s);
  }
  static std::size_t packed_size(const ConvShape& s) { return conv_s8_packed_size(s); }
  static void pack(const ConvShape& s, const std::int8_t* from, std::int8_t* to) {
    conv_s8_pack(s, from, to);
  }
  static std::size_t scratch(const Kernel& kernel, const ConvS8Args& args, int threads) {
    return conv_s8_scratch_size(kernel, args, threads);
  }
  static void run(const Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    conv_s8_run(kernel, args, scratch, pool);
  }
};

using QuantizedConvBlocked = QuantizedConvForm<false>;
using QuantizedConvPlanar = QuantizedConvForm<true>;

struct QuantizedConvDepthwise : QuantizedConvFilter {
  using Kernel = DepthwiseS8Kernel;
  static constexpr std::string_view kKind = "cpu.quantized_conv_depthwise";
  static constexpr bool kPlainInput = false;
  static const Kernel* select(Isa level) { return select_depthwise_s8(level); }
  static const char* refusal(const ConvShape& s) { return depthwise_s8_refusal(s); }
  static double products(const ConvShape& s) { return 1.0 * kS8Group * s.kernel_h * s.kernel_w; }
  static ConvS8Configs configs(const Kernel&, const ConvShape&) { return {{}, 1}; }
  static std::size_t packed_size(const ConvShape& s) { return depthwise_s8_packed_size(s); }
  static void pack(const ConvShape& s, const std::int8_t* from, std::int8_t* to) {
    depthwise_s8_pack(s, from, to);
  }
  static std::size_t scratch(const Kernel&, const ConvS8Args& args, int threads) {
    return depthwise_s8_scratch_size(args.shape, threads);
  }
  static void run(const Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    depthwise_s8_run(kernel, args, scratch, pool);
  }
};

struct QuantizedConvTransposed {
  using Op = op::QuantizedConvTranspose;
  using Weight = std::int8_t;
  using Kernel = ConvS8Kernel;
  static constexpr std::string_view kKind = "cpu.quantized_conv_transpose";
  static constexpr bool kPlainInput = false;
  static const Kernel* select(Isa level) { return select_deconv_s8(level); }
  static const char* refusal(const ConvShape& s) { return deconv_s8_refusal(s); }
  static double products(const ConvShape& s) {
    return QuantizedConvForm<false>::products(s) / (s.stride_h * s.stride_w);
  }
  static ConvS8Configs configs(const Kernel& kernel, const ConvShape& s) {
    return deconv_s8_configs(kernel, s);
  }
  static std::size_t packed_size(const ConvShape& s) { return conv_s8_packed_size(s); }
  static void pack(const ConvShape& s, const std::int8_t* from, std::int8_t* to) {
    deconv_s8_pack(s, from, to);
  }
  static std::size_t packed_bias_size(const ConvShape& s) { return deconv_s8_packed_bias_size(s); }
  static void pack_bias(const ConvShape& s, const std::int8_t* weights, const std::int32_t* bias,
                        bool src_signed, int src_zero, std::int32_t* packed) {
    deconv_s8_pack_bias(s, weights, bias, src_signed, src_zero, packed);
  }
  static std::size_t scratch(const Kernel& kernel, const ConvS8Args& args, int threads) {
    return deconv_s8_scratch_size(kernel, args, threads);
  }
  static void run(const Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    deconv_s8_run(kernel, args, scratch, pool);
  }
};

struct QuantizedConvWinograd : QuantizedConvFilter {
  using Kernel = WinogradS8Kernel;
  using Weight = std::int16_t;
  static constexpr std::string_view kKind = "cpu.quantized_conv_winograd";
  static constexpr bool kPlainInput = false;
  static const Kernel* select(Isa level) { return select_winograd_s8(level); }
  static const char* refusal(const ConvShape& s) { return winograd_s8_refusal(s); }
  static double products(const ConvShape& s) { return QuantizedConvForm<false>::products(s); }
  static ConvS8Configs configs(const Kernel&, const ConvShape&) { return {{}, 1}; }
  static std::size_t packed_size(const ConvShape& s) { return winograd_s8_packed_size(s); }
  static void pack(const ConvShape& s, const std::int8_t* from, std::int16_t* to) {
    winograd_s8_pack(s, from, to);
  }
  static std::size_t scratch(const Kernel&, const ConvS8Args& args, int threads) {
    return winograd_s8_scratch_size(args.shape, threads);
  }
  static void run(const Kernel& kernel, const ConvS8Args& args, const std::int16_t* weights,
                  std::byte* scratch, ThreadPool& pool) noexcept {
    winograd_s8_run(kernel, args, weights, scratch, pool);
  }
};

template <bool Planar>
struct QuantizedConvMatrixForm : QuantizedConvForm<Planar> {
  using Kernel = MatrixS8Kernel;
  static constexpr std::string_view kKind =
      Planar ? "cpu.quantized_conv_matrix_planar" : "cpu.quantized_conv_matrix";
  // Offered at the AMX level; plans that were made there run everywhere.
  static constexpr bool kMatrices = true;
  static const Kernel* select(Isa level) { return select_matrix_s8(level); }
  static const char* refusal(const ConvShape& s) { return conv_matrix_s8_refusal(s, Planar); }
  static double products(const ConvShape& s) { return static_cast<double>(conv_matrix_s8_depth(s)); }
  static ConvS8Configs configs(const Kernel&, const ConvShape& s) { return conv_matrix_s8_configs(s); }
  static std::size_t packed_size(const ConvShape& s) { return conv_matrix_s8_packed_size(s); }
  static void pack(const ConvShape& s, const std::int8_t* from, std::int8_t* to) {
    conv_matrix_s8_pack(s, from, to);
  }
  static std::size_t scratch(const Kernel& kernel, const ConvS8Args& args, int threads) {
    return conv_matrix_s8_scratch_size(kernel, args, threads);
  }
  static void run(const Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    conv_matrix_s8_run(kernel, args, scratch, pool);
  }
};

using QuantizedConvMatrix = QuantizedConvMatrixForm<false>;
using QuantizedConvMatrixPlanar = QuantizedConvMatrixForm<true>;

struct QuantizedConvTransposedMatrix : QuantizedConvTransposed {
  using Kernel = MatrixS8Kernel;
  static constexpr std::string_view kKind = "cpu.quantized_conv_transpose_matrix";
  static constexpr bool kMatrices = true;
  static const Kernel* select(Isa level) { return select_matrix_s8(level); }
  static const char* refusal(const ConvShape& s) { return deconv_matrix_s8_refusal(s); }
  static double products(const ConvShape& s) { return static_cast<double>(conv_matrix_s8_depth(by_tap(s))); }
  static ConvS8Configs configs(const Kernel&, const ConvShape& s) {
    return conv_matrix_s8_configs(by_tap(s));
  }
  static std::size_t packed_size(const ConvShape& s) { return deconv_matrix_s8_packed_size(s); }
  static void pack(const ConvShape& s, const std::int8_t* from, std::int8_t* to) {
    deconv_matrix_s8_pack(s, from, to);
  }
  static std::size_t scratch(const Kernel& kernel, const ConvS8Args& args, int threads) {
    return deconv_matrix_s8_scratch_size(kernel, args, threads);
  }
  static void run(const Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    deconv_matrix_s8_run(kernel, args, scratch, pool);
  }
};

// What the kernels take of a convolution of bytes.
template <class Op>
ConvShape byte_conv_shape(const Op& op, std::span<const std::int64_t> x, std::span<const std::int64_t> kernel,
                          std::span<const std::int64_t> y) {
  using Float =
      std::conditional_t<std::is_same_v<Op, op::QuantizedConvTranspose>, op::ConvTranspose, op::Conv>;
  return conv_shape(op::with_window_of<Float>(op), x, kernel, y);
}

// Whether channels, groups, taps and the distances of windows are all that packing has to know. How the taps
// of transposed convolutions are packed depends on where their windows lie.
template <class Form>
inline constexpr bool kPacksByFilter = std::is_same_v<typename Form::Op, op::QuantizedConv>;

// A convolution with those, by a filter of [M, C / group, kernel…]. ModelError for dims that are no filter's.
inline ConvShape filter_shape(const op::QuantizedConv& op, std::span<const std::int64_t> filter) {
  TENON_REQUIRE(filter.size() >= 3, "a filter of {} axes", filter.size());
  const auto kernel = filter.subspan(2);
  op::Conv window;
  window.group = narrow_dim(op.group);
  window.stride = op.stride;
  window.dilation = op.dilation;
  Shape x = {1, narrow_dim(filter[1]) * window.group}, y = {1, filter[0]};
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const std::int64_t apart = i < op.dilation.size() ? narrow_dim(op.dilation[i]) : 1;
    x.push_back((narrow_dim(kernel[i]) - 1) * apart + 1);
  }
  y.resize(x.size(), 1);
  return conv_shape(window, x, kernel, y);
}

// Weights as the operator has them, packed.
template <class Form>
ByteWeights pack_filter(const ConvShape& shape, const ByteWeights& weights, const ByteSource& x) {
  using Weight = typename Form::Weight;
  const std::int8_t* filter = weights.filter.values<std::int8_t>().data();
  const auto list = [](std::size_t size) { return Shape{static_cast<std::int64_t>(size)}; };
  ByteWeights packed{
      Tensor(DataTypeOf<Weight>::value, list(Form::packed_size(shape))),
      padded_multipliers(weights.multiplier, shape.out_channels, conv_s8_packed_bias_size(shape)),
      Tensor(DataType::i32, list(Form::packed_bias_size(shape)))};
  Form::pack(shape, filter, packed.filter.template mutable_values<Weight>().data());
  Form::pack_bias(shape, filter, weights.biases(), x.dtype == DataType::i8, x.zero,
                  packed.bias.template mutable_values<std::int32_t>().data());
  return packed;
}

}  // namespace tenon::cpu
