#include "backends/cpu/kernels/deconv_s8/deconv_s8.hpp"

#include "backends/cpu/kernels/band/transposed.hpp"
#include "backends/cpu/kernels/conv_s8/form.hpp"
#include "backends/cpu/kernels/conv_s8/pack.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_CONV_S8_KERNEL(isa, name, wide, pixels1, pixels2, pixels3, pixels4) \
  void name(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;          \
  void name##_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept;
#include "backends/cpu/kernels/conv_s8/kernels.inc"
#undef TENON_CONV_S8_KERNEL

namespace {

constexpr ConvS8Kernel kDeconvS8Kernels[] = {
#define TENON_CONV_S8_KERNEL(isa, name, wide, pixels1, pixels2, pixels3, pixels4) \
  {{{pixels1, pixels2, pixels3, pixels4}},                                        \
   {"deconv_s8", "deconv_s8_" #isa, Isa::isa},                                    \
   wide,                                                                          \
   name##_copy,                                                                   \
   name},
#include "backends/cpu/kernels/conv_s8/kernels.inc"
#undef TENON_CONV_S8_KERNEL
};

constexpr int kMostStride = 16;  // every class has a list of biases
struct TransposedByteForm : ByteForm {
  static void set_class(const ConvS8Args& args, std::ptrdiff_t index, ConvS8Tile& t) {
    t.bias += index * static_cast<std::ptrdiff_t>(conv_s8_packed_bias_size(args.shape));
  }
};

}  // namespace

std::span<const ConvS8Kernel> deconv_s8_kernels() { return kDeconvS8Kernels; }

const ConvS8Kernel* select_deconv_s8(Isa level) { return best_kernel(deconv_s8_kernels(), level); }

const char* deconv_s8_refusal(const ConvShape& shape) {
  if (shape.stride_h > kMostStride || shape.stride_w > kMostStride) return "strides beyond 16";
  return conv_refusal(shape);
}

ConvS8Configs deconv_s8_configs(const ConvS8Kernel& kernel, const ConvShape& shape) {
  return transposed_configs(kernel, shape);
}

void deconv_s8_pack(const ConvShape& s, const std::int8_t* weights, std::int8_t* packed) noexcept {
  for_each_class(s, [&](const TransposedClass& taps) {
    packed = pack_s8_weights(s, taps.count(), packed, [&](std::ptrdiff_t g, int o, int c, int i) {
      const std::ptrdiff_t row = (g * s.group_in() + c) * s.group_out() + o;
      return weights[row * s.kernel_h * s.kernel_w + taps.filter_tap(s, i)];
    });
  });
}

std::size_t deconv_s8_packed_bias_size(const ConvShape& s) {
  return static_cast<std::size_t>(s.stride_h * s.stride_w) * conv_s8_packed_bias_size(s);
}

void deconv_s8_pack_bias(const ConvShape& s, const std::int8_t* weights, const std::int32_t* bias,
                         bool src_signed, int src_zero, std::int32_t* packed) noexcept {
  const auto shift = static_cast<std::uint32_t>(src_zero + (src_signed ? 128 : 0));
  const std::size_t list = conv_s8_packed_bias_size(s);
  std::fill_n(packed, deconv_s8_packed_bias_size(s), 0);
  for_each_class(s, [&](const TransposedClass& taps) {
    for (int o = 0; o < s.out_channels; ++o) {
      const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(o / s.group_out()) * s.group_in();
      std::uint32_t sum = 0;
      for (int c = 0; c < s.group_in(); ++c) {
        const std::int8_t* w =
            weights + ((first + c) * s.group_out() + o % s.group_out()) * s.kernel_h * s.kernel_w;
        for (int i = 0; i < taps.count(); ++i) sum += static_cast<std::uint32_t>(w[taps.filter_tap(s, i)]);
      }
      packed[o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(bias ? bias[o] : 0) - shift * sum);
    }
    packed += list;
  });
}

std::size_t deconv_s8_scratch_size(const ConvS8Kernel& kernel, const ConvS8Args& args, int threads) {
  return transposed_scratch_size<TransposedByteForm>(kernel, args, threads);
}

void deconv_s8_run(const ConvS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                   ThreadPool& pool) noexcept {
  transposed_run<TransposedByteForm>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_deconv_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_deconv_s8(cpu::KernelRegistry& registry) { registry.add(cpu::deconv_s8_kernels()); }

}  // namespace tenon
