// Attention, computed in single precision, of operands that are f32 or stored in 16 bits:
//
//   y[q, e] = sum_t p[q, t] v[t, e],   p[q, .] = softmax over t of (scale * sum_d q[q, d] k[t, d] + mask[q,
//   t])
//
// for each head of each batch element. Operands are read and written through strides, so heads may lie side
// by side or apart. Keys beyond the causal limit are left out. A query whose scores are all -inf gives NaN,
// or 0 with blind_is_zero.
//
// The scores of a block of queries against a block of keys are all that is in memory at a time; maximum and
// sum of a query are carried from block to block (Milakov and Gimelshein, "Online normalizer calculation for
// softmax", 2018; Dao and others, "FlashAttention", 2022). Scores lie transposed, a query a lane: then both
// products read them as gemm's packed B, and the softmax needs no sums across lanes. Up to
// kAttentionFewQueries queries, as a decoder has them, go one by one over keys and values as they lie, if
// these are f32. What is stored in 16 bits becomes f32 where it is packed.
//
// Given products of bf16 that a machine has instructions for, both products of operands of that type and of
// an even depth are formed so: by the tile of conv_half, with keys as they lie. Exponentials are then rounded
// to bf16 before they weigh values: that is off by 2^-8 * sum_t p[q, t] |v[t, e]| at most.
#pragma once

#include "backends/cpu/kernels/conv_half/tile.hpp"
#include "backends/cpu/kernels/float_types.hpp"
#include "backends/cpu/kernels/gemm/gemm.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

// Elements between neighbours; the last axis is contiguous.
struct AttentionStrides {
  std::ptrdiff_t batch = 0;
  std::ptrdiff_t head = 0;
  std::ptrdiff_t row = 0;
};

struct AttentionArgs {
  int batch = 0;
  int heads = 0;
  int kv_heads = 0;  // divides heads; neighbouring heads share keys and values
  int queries = 0;
  int keys = 0;
  int depth = 0;
  int value_depth = 0;
  float scale = 1;
  bool causal = false;
  int causal_offset = 0;  // query i sees the keys t <= i + causal_offset
  bool blind_is_zero = false;
  DataType type = DataType::f32;  // of q, k, v and y; bf16, f16
  const void* q = nullptr;
  const void* k = nullptr;
  const void* v = nullptr;
  const float* mask = nullptr;  // or nullptr
  void* y = nullptr;
  AttentionStrides q_strides, k_strides, v_strides, y_strides;
  AttentionStrides mask_strides;  // 0 where the mask is broadcast
  std::ptrdiff_t mask_key = 1;    // elements between keys, 0 or 1
};

// Keys whose scores are in memory at a time: a multiple of gemm's row panel.
inline constexpr int kAttentionKeys = 240;
inline constexpr int kAttentionFewQueries = 4;

// One block of keys for one block of `width` queries (gemm's columns of a tile).
struct AttentionBlock {
  float* scores;  // [keys][width]: products on entry, exponentials on exit
  int keys;
  int width;
  float scale;
  const float* mask;  // mask[key * mask_key + query * mask_query], or nullptr
  std::ptrdiff_t mask_key;
  std::ptrdiff_t mask_query;  // 0: one value for all queries, 1: a value a lane
  int visible;                // lane q sees the keys below visible + q; kAttentionAll: all of them
  bool first;                 // no block came before: top, sum and out hold nothing
  float* top;                 // [width] maximum so far
  float* sum;                 // [width]
  float* out;                 // [value_depth][width]: rescaled when a maximum grows
  // Or nullptr: where exponentials go instead, as bf16, [width / 16][(keys + 1) / 2][16][2].
  std::uint16_t* shares;
  int value_depth;
  bool blind_is_zero;
};
inline constexpr int kAttentionAll = std::numeric_limits<int>::max() / 2;

// One query of one head, all at once: with few queries there is too little to do with a packed key.
struct AttentionRow {
  const float* q;
  const float* k;  // rows of `depth`
  const float* v;  // rows of `value_depth`
  std::ptrdiff_t k_row, v_row;
  int keys;  // which it sees; 0: none
  int depth, value_depth;
  float scale;
  const float* mask;  // mask[key * mask_key], or nullptr
  std::ptrdiff_t mask_key;
  bool blind_is_zero;
  float* scores;  // scratch, [keys] and up to a panel of columns behind
  float* y;
};

struct AttentionRoutines {
  void (*softmax)(const AttentionBlock&) noexcept;
  // y[q * row + e] = out[e][q] / sum[q] for q < queries, by y's type (float_index)
  void (*store[kFloatTypes])(const AttentionBlock&, int queries, void* y, std::ptrdiff_t row) noexcept;
  // `rows` rows of `count` elements, `step` apart, of a 16-bit type, to rows without gaps.
  void (*widen[kFloatTypes])(const void* from, std::ptrdiff_t step, int rows, int count, float* to) noexcept;
  void (*row)(const AttentionRow&) noexcept;
  // Rows of bf16, `step` apart, as weights of conv_half's tile: [width / 16][count / 2][16][2] for an even
  // count, zeros beyond the rows.
  void (*pack_rows)(const void* from, std::ptrdiff_t step, int rows, int count, int width,
                    std::uint16_t* to) noexcept;
  // to[i * to_step + r] = from[r * step + i], and zeros up to the next multiple of 32 rows.
  void (*turn_rows)(const void* from, std::ptrdiff_t step, int rows, int count, std::uint16_t* to,
                    std::ptrdiff_t to_step) noexcept;
};

struct AttentionKernel {
  KernelInfo info;
  const AttentionRoutines& (*routines)() noexcept;
};

std::span<const AttentionKernel> attention_kernels();
const AttentionKernel* select_attention(Isa level);

// Floats of scratch on a pool of `threads`; grows with each extent.
std::size_t attention_scratch_size(const AttentionArgs& args, int threads);

// `pairs`: products of bf16 at the kernel's level, for arguments of that type, or nullptr: all products are
// those of `gemm`.
void attention_run(const AttentionKernel& kernel, const GemmKernel& gemm, const ConvHalfKernel* pairs,
                   const AttentionArgs& args, float* scratch, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
