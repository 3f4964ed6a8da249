#include "backends/cpu/kernels/bytes/fours_avx512_vnni.hpp"
#include "backends/cpu/kernels/depthwise_s8/avx512_turned.hpp"
#include "backends/cpu/kernels/depthwise_s8/fours.hpp"

namespace tenon::cpu {

void depthwise_s8_avx512_vnni(const DepthwiseS8Rows& rows) noexcept;

void depthwise_s8_avx512_vnni(const DepthwiseS8Rows& rows) noexcept {
  depthwise_s8_rows_of<PixelFours<4>>(rows);
}

}  // namespace tenon::cpu
