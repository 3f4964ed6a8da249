// The forms in which products with a constant matrix of values that are stored in 16 bits run.
//
//   cpu.matmul_bf16, cpu.matmul_f16   by vectors
//   cpu.matmul_bf16_matrix            by AMX
//   cpu.matmul_f16_chained            with sums of some products in f16 (kernels/conv_half/scaled.hpp)
#pragma once

#include "backends/cpu/kernels/conv_half/scaled.hpp"
#include "backends/cpu/kernels/gemm_half/gemm_half.hpp"
#include "backends/cpu/kernels/matrix_bf16/gemm_matrix_bf16.hpp"

#include <string_view>

namespace tenon::cpu {

template <DataType Type>
struct HalfMatMulForm {
  using Kernel = ConvHalfKernel;
  static constexpr DataType kType = Type;
  static constexpr std::string_view kKind = Type == DataType::bf16 ? "cpu.matmul_bf16" : "cpu.matmul_f16";

  static const Kernel* select(Isa level) { return select_conv_half(level, Type); }
  static std::size_t packed_size(int k, int n) { return gemm_half_packed_size(k, n); }
  static void pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed) {
    gemm_half_pack(b, transposed, k, n, Type, packed);
  }
  static std::size_t scratch(const Kernel& kernel, const GemmHalfArgs& args, int threads) {
    return gemm_half_scratch_size(kernel, args, threads);
  }
  static void run(const Kernel& kernel, const GemmHalfArgs& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    gemm_half_run(kernel, args, scratch, pool);
  }
};

using Bf16MatMul = HalfMatMulForm<DataType::bf16>;
using F16MatMul = HalfMatMulForm<DataType::f16>;

struct F16MatMulChained : F16MatMul {
  static constexpr std::string_view kKind = "cpu.matmul_f16_chained";
  // Offered where the processor adds in f16; plans that were made there run everywhere.
  static constexpr bool kChained = true;

  static const Kernel* select(Isa level) { return select_conv_half_chained(level); }
  static std::size_t packed_size(int k, int n) { return scaled_f16_size(gemm_half_packed_size(k, n), n); }
  static void pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed) {
    gemm_f16_scaled_pack(b, transposed, k, n, packed);
  }
  static void run(const Kernel& kernel, GemmHalfArgs args, std::byte* scratch, ThreadPool& pool) noexcept {
    args.factors = scaled_f16_factors(args.b, gemm_half_packed_size(args.k, args.n));
    gemm_half_run(kernel, args, scratch, pool);
  }
};

struct Bf16MatMulMatrix {
  using Kernel = MatrixBf16Kernel;
  static constexpr DataType kType = DataType::bf16;
  static constexpr std::string_view kKind = "cpu.matmul_bf16_matrix";
  // Offered at the AMX level; plans that were made there run everywhere.
  static constexpr bool kMatrices = true;

  static const Kernel* select(Isa level) { return select_matrix_bf16(level); }
  static std::size_t packed_size(int k, int n) { return gemm_matrix_bf16_packed_size(k, n); }
  static void pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed) {
    gemm_matrix_bf16_pack(b, transposed, k, n, packed);
  }
  static std::size_t scratch(const Kernel&, const GemmHalfArgs& args, int threads) {
    return gemm_matrix_bf16_scratch_size(args, threads);
  }
  static void run(const Kernel& kernel, const GemmHalfArgs& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    gemm_matrix_bf16_run(kernel, args, scratch, pool);
  }
};

}  // namespace tenon::cpu
