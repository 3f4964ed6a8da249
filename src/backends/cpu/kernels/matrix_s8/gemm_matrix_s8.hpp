// The product of gemm_s8.hpp, with its arguments and packed bias, by products of tiles of matrices. b is
// packed once for all ISA levels: [ceil(n/16)][ceil(k/64)][16][16 columns][4 k].
#pragma once

#include "backends/cpu/kernels/gemm_s8/gemm_s8.hpp"
#include "backends/cpu/kernels/matrix_s8/matrix_s8.hpp"

namespace tenon::cpu {

// As in gemm_s8.hpp. k is at least 1.
std::size_t gemm_matrix_s8_packed_size(int k, int n);
void gemm_matrix_s8_pack(const std::int8_t* b, bool transposed, int k, int n, std::int8_t* packed);

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t gemm_matrix_s8_scratch_size(const GemmS8Args& args, int threads);
void gemm_matrix_s8_run(const MatrixS8Kernel& kernel, const GemmS8Args& args, std::byte* scratch,
                        ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
