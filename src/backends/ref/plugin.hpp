// Plugins bring their own kernels: what the reference backend runs for operators that are plugins.
#pragma once

#include "backends/ref/ref.hpp"

namespace tenon::ref {

// The kernel of `op`, built in or a plugin's; null when there is none.
Kernel kernel_of(const Op& op) noexcept;

}  // namespace tenon::ref
