#include "backends/cpu/kernels/conv_half/transposed.hpp"

#include "backends/cpu/kernels/band/pack.hpp"
#include "backends/cpu/kernels/band/transposed.hpp"
#include "backends/cpu/kernels/conv_half/form.hpp"

namespace tenon::cpu {

namespace {

struct TransposedHalfForm : HalfForm {
  static void set_class(const ConvHalfArgs&, std::ptrdiff_t, ConvHalfTile&) {}
};

}  // namespace

ConvHalfConfigs deconv_half_configs(const ConvHalfKernel& kernel, const ConvShape& shape) {
  return transposed_configs(kernel, shape);
}

void deconv_half_pack(const ConvShape& s, DataType type, const float* weights,
                      std::uint16_t* packed) noexcept {
  for_each_class(s, [&](const TransposedClass& taps) {
    packed =
        pack_grouped_weights<kHalfGroup>(s, taps.count(), packed, [&](std::ptrdiff_t g, int o, int c, int i) {
          const std::ptrdiff_t row = (g * s.group_in() + c) * s.group_out() + o;
          const float weight = weights[row * s.kernel_h * s.kernel_w + taps.filter_tap(s, i)];
          return type == DataType::bf16 ? bfloat16(weight).bits : float16(weight).bits;
        });
  });
}

std::size_t deconv_half_scratch_size(const ConvHalfKernel& kernel, const ConvHalfArgs& args, int threads) {
  return transposed_scratch_size<TransposedHalfForm>(kernel, args, threads);
}

void deconv_half_run(const ConvHalfKernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                     ThreadPool& pool) noexcept {
  transposed_run<TransposedHalfForm>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu
