// The product of gemm_half.hpp for bf16, with its arguments and bias, by products of tiles of matrices. b is
// packed once for all ISA levels: [ceil(n/16)][ceil(k/32)][16][16 columns][2 k].
#pragma once

#include "backends/cpu/kernels/gemm_half/gemm_half.hpp"
#include "backends/cpu/kernels/matrix_bf16/matrix_bf16.hpp"

namespace tenon::cpu {

// As in gemm_half.hpp. k is at least 1.
std::size_t gemm_matrix_bf16_packed_size(int k, int n);
void gemm_matrix_bf16_pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed);

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t gemm_matrix_bf16_scratch_size(const GemmHalfArgs& args, int threads);
void gemm_matrix_bf16_run(const MatrixBf16Kernel& kernel, const GemmHalfArgs& args, std::byte* scratch,
                          ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
