#include "backends/cpu/kernels/matrix_s8/matrix_s8.hpp"

namespace tenon::cpu {

#define TENON_MATRIX_S8_KERNEL(isa, name)                                                                 \
  void name(const MatrixS8Work& work) noexcept;                                                           \
  void name##_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step, std::ptrdiff_t count, \
                   std::byte* dst) noexcept;
#include "backends/cpu/kernels/matrix_s8/kernels.inc"
#undef TENON_MATRIX_S8_KERNEL

namespace {

constexpr MatrixS8Kernel kMatrixS8Kernels[] = {
#define TENON_MATRIX_S8_KERNEL(isa, name) {{"matrix_s8", #name, Isa::isa}, name, name##_join},
#include "backends/cpu/kernels/matrix_s8/kernels.inc"
#undef TENON_MATRIX_S8_KERNEL
};

}  // namespace

std::span<const MatrixS8Kernel> matrix_s8_kernels() { return kMatrixS8Kernels; }

const MatrixS8Kernel* select_matrix_s8(Isa level) { return best_kernel(matrix_s8_kernels(), level); }

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_matrix_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_matrix_s8(cpu::KernelRegistry& registry) { registry.add(cpu::matrix_s8_kernels()); }

}  // namespace tenon
