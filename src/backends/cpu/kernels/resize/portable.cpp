#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/resize/generic.hpp"

namespace tenon::cpu {

const ResizeRoutines& resize_f32_portable() noexcept;

const ResizeRoutines& resize_f32_portable() noexcept { return kResizeRoutines; }

}  // namespace tenon::cpu
