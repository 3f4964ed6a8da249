#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/softmax/generic.hpp"

namespace tenon::cpu {

const SoftmaxRoutines& softmax_f32_avx512() noexcept;

const SoftmaxRoutines& softmax_f32_avx512() noexcept { return kSoftmaxRoutines; }

}  // namespace tenon::cpu
