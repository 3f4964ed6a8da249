#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/depthwise_s8/avx2_turned.hpp"
#include "backends/cpu/kernels/depthwise_s8/pairs.hpp"

namespace tenon::cpu {

void depthwise_s8_avx2(const DepthwiseS8Rows& rows) noexcept;

void depthwise_s8_avx2(const DepthwiseS8Rows& rows) noexcept { depthwise_s8_rows_of<PixelPairs<2>>(rows); }

}  // namespace tenon::cpu
