#include "backends/cpu/kernels/matrix_bf16/matrix_bf16.hpp"

namespace tenon::cpu {

#define TENON_MATRIX_BF16_KERNEL(isa, name)                                                               \
  void name(const MatrixBf16Work& work) noexcept;                                                         \
  void name##_round(const float* src, std::ptrdiff_t count, void* dst) noexcept;                          \
  void name##_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,                 \
                         std::ptrdiff_t count, void* dst) noexcept;                                       \
  void name##_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step, std::ptrdiff_t count, \
                   std::byte* dst) noexcept;
#include "backends/cpu/kernels/matrix_bf16/kernels.inc"
#undef TENON_MATRIX_BF16_KERNEL

namespace {

constexpr MatrixBf16Kernel kMatrixBf16Kernels[] = {
#define TENON_MATRIX_BF16_KERNEL(isa, name) \
  {{"matrix_bf16", #name, Isa::isa}, name, name##_round, name##_interleave, name##_join},
#include "backends/cpu/kernels/matrix_bf16/kernels.inc"
#undef TENON_MATRIX_BF16_KERNEL
};

}  // namespace

std::span<const MatrixBf16Kernel> matrix_bf16_kernels() { return kMatrixBf16Kernels; }

const MatrixBf16Kernel* select_matrix_bf16(Isa level) { return best_kernel(matrix_bf16_kernels(), level); }

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_matrix_bf16(cpu::KernelRegistry& registry);
void register_cpu_kernel_matrix_bf16(cpu::KernelRegistry& registry) {
  registry.add(cpu::matrix_bf16_kernels());
}

}  // namespace tenon
