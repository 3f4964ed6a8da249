// From operator fields and shapes to what the convolution kernels take.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"

namespace tenon::cpu {

// `x`, `y`: [N, C, spatial…] with one to `most_axes` spatial axes, of at most three; `kernel`: the weights'
// spatial dims. One spatial axis runs as a height of one. ModelError when fields, window and shapes do not
// fit, or are beyond the kernels' range.
ConvShape conv_shape(const op::Conv& op, std::span<const std::int64_t> x,
                     std::span<const std::int64_t> kernel, std::span<const std::int64_t> y,
                     std::size_t most_axes = 2);

// The same for a transposed convolution, in terms of its own input and output.
ConvShape conv_shape(const op::ConvTranspose& op, std::span<const std::int64_t> x,
                     std::span<const std::int64_t> kernel, std::span<const std::int64_t> y,
                     std::size_t most_axes = 2);

}  // namespace tenon::cpu
