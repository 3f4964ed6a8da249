#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/softmax/generic.hpp"

namespace tenon::cpu {

const SoftmaxRoutines& softmax_f32_avx2() noexcept;

const SoftmaxRoutines& softmax_f32_avx2() noexcept { return kSoftmaxRoutines; }

}  // namespace tenon::cpu
