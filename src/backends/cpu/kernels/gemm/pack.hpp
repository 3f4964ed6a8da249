// Single panels of the packed formats of gemm.hpp.
#pragma once

#include <cstddef>

namespace tenon::cpu {

// `packed` is the start of the whole packed operand.
void pack_row_panel(const float* a, std::ptrdiff_t lda, bool transposed, int m, int k, int panel,
                    float* packed) noexcept;
void pack_column_panel(const float* b, std::ptrdiff_t ldb, bool transposed, int k, int n, int panel,
                       float* packed) noexcept;

}  // namespace tenon::cpu
