// Parts of the packed formats of gemm.hpp.
#pragma once

#include <cstddef>

namespace tenon::cpu {

// Panels are packed best in groups of this many: neighbouring columns then come from the same cache lines and
// pages.
inline constexpr int kPanelGroup = 8;

// Packs the panels [first, end). `packed` is the start of the whole packed operand.
void pack_row_panels(const float* a, std::ptrdiff_t lda, bool transposed, int m, int k, int first, int end,
                     float* packed) noexcept;
// Packs `rows` rows of k elements as lines; what is beyond them is left as it is.
void pack_row_lines(const float* a, std::ptrdiff_t lda, int rows, int k, float* packed) noexcept;
void pack_column_panels(const float* b, std::ptrdiff_t ldb, bool transposed, int k, int n, int first, int end,
                        float* packed) noexcept;

}  // namespace tenon::cpu
