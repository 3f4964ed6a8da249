#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/softmax/generic.hpp"

namespace tenon::cpu {

const SoftmaxRoutines& softmax_f32_portable() noexcept;

const SoftmaxRoutines& softmax_f32_portable() noexcept { return kSoftmaxRoutines; }

}  // namespace tenon::cpu
