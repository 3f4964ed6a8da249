#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/resize/generic.hpp"

namespace tenon::cpu {

const ResizeRoutines& resize_f32_avx512() noexcept;

const ResizeRoutines& resize_f32_avx512() noexcept { return kResizeRoutines; }

}  // namespace tenon::cpu
