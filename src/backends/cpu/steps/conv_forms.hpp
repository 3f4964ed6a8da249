// The forms in which convolutions run: one struct each, which names the kernel family and says what it needs.
// Steps and tactics are written once over them.
//
//   blocked    cpu.conv             nchw16c → nchw16c
//   banded     cpu.conv_banded      nchw16c → nchw16c, from copies of bands that hold the padding
//   planar     cpu.conv_planar      nchw → nchw16c, few input channels
//   depthwise  cpu.conv_depthwise   nchw16c → nchw16c, one channel a group; also stored in 16 bits
//   plain      cpu.conv_nchw        nchw → nchw, any groups, one to three axes; filter and bias may be
//   computed transpose  cpu.conv_transpose   nchw16c → nchw16c, transposed winograd   cpu.conv_winograd_*
//   nchw16c → nchw16c, by Winograd's algorithm with tiles of 2x2, 4x4, 6x6
#pragma once

#include "backends/cpu/kernels/conv_nchw/conv_nchw.hpp"
#include "backends/cpu/kernels/deconv/deconv.hpp"
#include "backends/cpu/kernels/depthwise/depthwise.hpp"
#include "backends/cpu/kernels/winograd/winograd.hpp"
#include "backends/cpu/steps/conv_geometry.hpp"

#include <string_view>

namespace tenon::cpu {

struct ConvBlocked {
  using Op = op::Conv;
  using Kernel = ConvKernel;
  static constexpr std::string_view kKind = "cpu.conv";
  static constexpr bool kPlainInput = false, kPlainOutput = false, kTuned = true;
  static const Kernel* select(Isa level) { return select_conv(level); }
  static const char* refusal(const ConvShape& s) { return conv_refusal(s); }
  static ConvShape computed(const ConvShape& s) { return conv_merged(s); }
  static ConvConfigs configs(const Kernel& kernel, const ConvShape& s) { return conv_configs(kernel, s); }
  static std::size_t packed_size(const ConvShape& s) { return conv_packed_size(s); }
  static void pack(const ConvShape& s, const float* from, float* to) { conv_pack(s, from, to); }
  static void run(const Kernel& kernel, const ConvArgs& args, float*, ThreadPool& pool) noexcept {
    conv_run(kernel, args, pool);
  }
  static std::ptrdiff_t lines_ahead(const Kernel& kernel, const ConvArgs& args) {
    return conv_lines_ahead(kernel, args);
  }
};

struct ConvBanded : ConvBlocked {
  static constexpr std::string_view kKind = "cpu.conv_banded";
  static const char* refusal(const ConvShape& s) { return conv_banded_refusal(s); }
  static ConvConfigs configs(const Kernel& kernel, const ConvShape& s) {
    return conv_banded_configs(kernel, s);
  }
  static std::size_t scratch(const ConvShape& s, int threads) { return conv_banded_scratch_size(s, threads); }
  static void run(const Kernel& kernel, const ConvArgs& args, float* scratch, ThreadPool& pool) noexcept {
    conv_banded_run(kernel, args, scratch, pool);
  }
  static std::ptrdiff_t lines_ahead(const Kernel&, const ConvArgs&) { return 0; }
};

struct ConvPlanar {
  using Op = op::Conv;
  using Kernel = ConvKernel;
  static constexpr std::string_view kKind = "cpu.conv_planar";
  static constexpr bool kPlainInput = true, kPlainOutput = false, kTuned = true;
  static const Kernel* select(Isa level) { return select_conv(level); }
  static const char* refusal(const ConvShape& s) { return s.groups == 1 ? nullptr : "grouped"; }
  static ConvConfigs configs(const Kernel& kernel, const ConvShape& s) {
    return conv_planar_configs(kernel, s);
  }
  static std::size_t packed_size(const ConvShape& s) { return conv_planar_packed_size(s); }
  static void pack(const ConvShape& s, const float* from, float* to) { conv_planar_pack(s, from, to); }
  static std::size_t scratch(const ConvShape& s, int threads) { return conv_planar_scratch_size(s, threads); }
  static void run(const Kernel& kernel, const ConvArgs& args, float* scratch, ThreadPool& pool) noexcept {
    conv_planar_run(kernel, args, scratch, pool);
  }
};

struct ConvDepthwise {
  using Op = op::Conv;
  using Kernel = DepthwiseKernel;
  static constexpr std::string_view kKind = "cpu.conv_depthwise";
  static constexpr bool kPlainInput = false, kPlainOutput = false, kTuned = false;
  static constexpr bool kTakesStored = true;
  static const Kernel* select(Isa level) { return select_depthwise(level); }
  static const char* refusal(const ConvShape& s) { return depthwise_refusal(s); }
  static std::size_t packed_size(const ConvShape& s) { return depthwise_packed_size(s); }
  static void pack(const ConvShape& s, const float* from, float* to) { depthwise_pack(s, from, to); }
  static void run(const Kernel& kernel, const ConvArgs& args, DataType type, ThreadPool& pool) noexcept {
    depthwise_run(kernel, args, pool, type);
  }
};

struct ConvPlain {
  using Op = op::Conv;
  using Kernel = GemmKernel;
  static constexpr std::string_view kKind = "cpu.conv_nchw";
  static constexpr bool kPlainInput = true, kPlainOutput = true, kTuned = false;
  static constexpr bool kComputedWeights = true;
  static constexpr std::size_t kMostAxes = 3;
  static const Kernel* select(Isa level) { return select_conv_nchw(level); }
  static const char* refusal(const ConvShape&) { return nullptr; }
  static std::size_t packed_size(const ConvShape& s) { return conv_nchw_packed_size(s); }
  static void pack(const ConvShape& s, const float* from, float* to) { conv_nchw_pack(s, from, to); }
  static std::size_t scratch(const ConvShape& s, int threads) { return conv_nchw_scratch_size(s, threads); }
  static void run(const Kernel& kernel, const ConvArgs& args, float* scratch, ThreadPool& pool) noexcept {
    conv_nchw_run(kernel, args, scratch, pool);
  }
};

struct ConvTransposed {
  using Op = op::ConvTranspose;
  using Kernel = ConvKernel;
  static constexpr std::string_view kKind = "cpu.conv_transpose";
  static constexpr bool kPlainInput = false, kPlainOutput = false, kTuned = false;
  static const Kernel* select(Isa level) { return select_deconv(level); }
  static const char* refusal(const ConvShape& s) { return deconv_refusal(s); }
  static ConvShape computed(const ConvShape& s) { return conv_merged(s); }
  static std::size_t packed_size(const ConvShape& s) { return conv_packed_size(s); }
  static void pack(const ConvShape& s, const float* from, float* to) { deconv_pack(s, from, to); }
  static void run(const Kernel& kernel, const ConvArgs& args, float*, ThreadPool& pool) noexcept {
    deconv_run(kernel, args, pool);
  }
};

template <int Outputs>
struct ConvWinograd {
  using Op = op::Conv;
  using Kernel = WinogradKernel;
  static constexpr std::string_view kKind = Outputs == 2   ? "cpu.conv_winograd_2x2"
                                            : Outputs == 4 ? "cpu.conv_winograd_4x4"
                                                           : "cpu.conv_winograd_6x6";
  static constexpr bool kPlainInput = false, kPlainOutput = false, kTuned = false;
  static constexpr int kOutputs = Outputs;
  static const Kernel* select(Isa level) { return select_winograd(level); }
  static const char* refusal(const ConvShape& s) { return winograd_refusal(s, Outputs); }
  static std::size_t packed_size(const ConvShape& s) { return winograd_packed_size(s, Outputs); }
  static void pack(const ConvShape& s, const float* from, float* to) { winograd_pack(s, Outputs, from, to); }
  static std::size_t scratch(const ConvShape& s, int threads) {
    return winograd_scratch_size(s, Outputs, threads);
  }
  static void run(const Kernel& kernel, const ConvArgs& args, float* scratch, ThreadPool& pool) noexcept {
    winograd_run(kernel, args, Outputs, scratch, pool);
  }
};

// Elements of the bias as a form keeps it.
template <class Form>
std::size_t conv_bias_size(const ConvShape& shape) {
  return Form::kPlainOutput ? static_cast<std::size_t>(shape.out_channels)
                            : conv_packed_bias_size(shape.out_channels);
}

// The shape whose products a form really computes.
template <class Form>
ConvShape computed_shape(const ConvShape& shape) {
  if constexpr (requires { Form::computed(shape); }) {
    return Form::computed(shape);
  } else {
    return shape;
  }
}

template <class Form>
inline constexpr bool kTakesComputedWeights = requires {
  requires Form::kComputedWeights;
};

// Tensors may be stored in 16 bits, all alike.
template <class Form>
inline constexpr bool kTakesStoredTensors = requires {
  requires Form::kTakesStored;
};

template <class Form>
constexpr std::size_t most_axes() {
  if constexpr (requires { Form::kMostAxes; }) {
    return Form::kMostAxes;
  } else {
    return 2;
  }
}

template <class Form>
inline constexpr bool kNeedsScratch = requires(const ConvShape& shape) {
  Form::scratch(shape, 1);
};

template <class Form>
inline constexpr bool kIsWinograd = requires {
  Form::kOutputs;
};

}  // namespace tenon::cpu
