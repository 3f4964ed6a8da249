// Rows that are stored in 16 bits, for kernels of f32: some at a time are widened into scratch memory that
// fits in the first-level cache, computed there, and what comes out is rounded on its way to memory.
#pragma once

#include "backends/cpu/kernels/reorder/reorder.hpp"
#include "base/function_ref.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstddef>

namespace tenon::cpu {

struct WidenedRows {
  DataType type = DataType::bf16;  // of operand and result
  std::ptrdiff_t rows = 0;
  std::ptrdiff_t in = 0;   // elements of a row of the operand
  std::ptrdiff_t out = 0;  // and of the result
};

// Never less for longer rows.
std::size_t widened_rows_scratch(const WidenedRows& rows, int threads);

// body(x, y, count): `count` rows from x to y, dense.
void run_widened_rows(const ReorderKernel& kernel, const WidenedRows& rows, const void* src, void* dst,
                      std::byte* scratch, ThreadPool& pool,
                      FunctionRef<void(const float* x, float* y, std::ptrdiff_t count)> body) noexcept;

}  // namespace tenon::cpu
