#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/resize/generic.hpp"

namespace tenon::cpu {

const ResizeRoutines& resize_f32_avx2() noexcept;

const ResizeRoutines& resize_f32_avx2() noexcept { return kResizeRoutines; }

}  // namespace tenon::cpu
