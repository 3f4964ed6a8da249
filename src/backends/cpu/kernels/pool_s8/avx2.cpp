#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/pool_s8/generic.hpp"

namespace tenon::cpu {

void pool_s8_avx2(const PoolS8Args& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;

void pool_s8_avx2(const PoolS8Args& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  pool_s8_rows(args, begin, end);
}

}  // namespace tenon::cpu
