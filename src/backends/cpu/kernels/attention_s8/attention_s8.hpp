// Attention of bytes, the formula of ops/quantized_attention.hpp:
//
//   s[t] = float(sum_d (q[d] - q_zero) * k'[t, d]) * score_multiplier (+ mask[t])
//   p[t] = a byte, 255 * exp(s[t] - max s)
//   y    = float(sum_t p[t] * v'[t]) * y_multiplier / float(sum_t p[t]) + y_offset, then requantize.hpp
//
// for each head of each batch element; k' and v' are signed bytes, unsigned ones less 128. Operands are read
// and written through strides, in elements, so heads may lie side by side or apart. Every level gives the
// same bits.
//
// A block of queries against all keys of a head is what is in memory at a time: both products are those of
// tile.hpp of conv_s8, with keys and values packed as its weights once for each head. Scores lie in blocks of
// 16 keys, as the tile writes them, [keys / 16][queries][16].
#pragma once

#include "backends/cpu/kernels/attention/attention.hpp"
#include "backends/cpu/kernels/conv_s8/tile.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::cpu {

struct AttentionS8Args {
  int batch = 0;
  int heads = 0;
  int kv_heads = 0;  // divides heads; neighbouring heads share keys and values
  int queries = 0;
  int keys = 0;
  int depth = 0;
  int value_depth = 0;
  const std::uint8_t* q = nullptr;
  const std::uint8_t* k = nullptr;
  const std::uint8_t* v = nullptr;
  bool q_signed = false;
  bool k_signed = false;
  bool v_signed = false;
  int q_zero = 0;
  float score_multiplier = 1;
  const float* mask = nullptr;  // or nullptr
  float y_multiplier = 1;
  float y_offset = 0;
  Requantize requantize;  // of y: bytes or not, zero point and bounds
  void* y = nullptr;
  AttentionStrides q_strides, k_strides, v_strides, y_strides;
  AttentionStrides mask_strides;  // 0 where the mask is broadcast
  std::ptrdiff_t mask_key = 1;    // elements between keys, 0 or 1
};

// Rows of bytes that become the weights of a product, [blocks of 16 outputs][groups][16][4]; zeros where
// there is nothing. `flip` is 0x80 for unsigned bytes, else 0.
struct S8Rows {
  const std::uint8_t* src;
  std::ptrdiff_t row;  // bytes between rows
  int rows;
  int columns;
  std::uint8_t flip;
  std::int8_t* packed;
};

// One query's scores of all keys.
struct S8Scores {
  float* scores;         // of the first block; padded to whole blocks
  std::ptrdiff_t block;  // elements between blocks
  const float* mask;     // of each key, or nullptr
  int keys;
  std::uint8_t* shares;  // a byte for each key, and zeros up to a whole block
};

// One query's weighted values.
struct S8Values {
  const float* values;  // of the first block of 16 columns
  std::ptrdiff_t block;
  int columns;
  float shares;  // their sum
  float offset;
  const Requantize* requantize;
  void* y;
  std::ptrdiff_t at;  // element of y
};

struct AttentionS8Routines {
  // Rows are outputs. bias[row] = -shift * the sum of the row, and 0 beyond the rows.
  void (*pack_keys)(const S8Rows&, std::int32_t shift, std::int32_t* bias) noexcept;
  void (*pack_values)(const S8Rows&) noexcept;       // columns are outputs
  std::int32_t (*shares)(const S8Scores&) noexcept;  // returns their sum
  void (*store)(const S8Values&) noexcept;
};

struct AttentionS8Kernel {
  KernelInfo info;
  const AttentionS8Routines& (*routines)() noexcept;
};

std::span<const AttentionS8Kernel> attention_s8_kernels();
const AttentionS8Kernel* select_attention_s8(Isa level);

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t attention_s8_scratch_size(const AttentionS8Args& args, int threads);
void attention_s8_run(const AttentionS8Kernel& kernel, const ConvS8Kernel& products,
                      const AttentionS8Args& args, std::byte* scratch, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
