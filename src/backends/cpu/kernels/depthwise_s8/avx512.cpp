#include "backends/cpu/kernels/bytes/avx512.hpp"

#include "backends/cpu/kernels/depthwise_s8/avx512_turned.hpp"
#include "backends/cpu/kernels/depthwise_s8/pairs.hpp"

namespace tenon::cpu {

void depthwise_s8_avx512(const DepthwiseS8Rows& rows) noexcept;

void depthwise_s8_avx512(const DepthwiseS8Rows& rows) noexcept { depthwise_s8_rows_of<PixelPairs<4>>(rows); }

}  // namespace tenon::cpu
