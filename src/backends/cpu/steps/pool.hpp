// From pooling operators to what the kernels take.
#pragma once

#include "backends/cpu/kernels/pool/pool.hpp"
#include "ops/window.hpp"

#include <span>
#include <string>

namespace tenon::cpu {

// Pooling of x [N, C, one to three spatial axes] by `axes`, which are resolved.
PoolArgs pool_args(PoolArgs::Kind kind, std::span<const std::int64_t> x,
                   std::span<const op::WindowAxis> axes);

// Whether every window reads an element of the input, as the kernels demand.
bool windows_touch_input(const op::WindowAxis& axis) noexcept;

}  // namespace tenon::cpu
