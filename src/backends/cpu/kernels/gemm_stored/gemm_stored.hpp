// Product of floats with a constant matrix that stays stored as integers of 4 or 8 bits:
//
//   c[i, j] = act( sum_k a[i, k] * (q[k, j] - zero[g, j]) * scale[g, j] + bias[j] + residual[i, j] )
//
// where g is the block of `block` places along k that k lies in. The integers are read as they are stored,
// which is what a product of few rows waits for; they never become floats. Instead a becomes integers of 24
// bits, for each chunk of at most 256 places with a power of two of its own,
//
//   v[k] = round_half_even(a[i, k] / s)      s = 2^e, as small as keeps all |v| up to 8355711
//   c   += float(sum over the chunk of v[k] * (q[k, j] - zero)) * (s * scale)
//
// where the sum is exact and rounded once; both products and the sum of the chunks, in ascending order, are
// rounded once each. So every level gives the same bits, and an element of a is off by at most 2^-23 of the
// largest of its chunk. A row of a that holds an infinity or a NaN gives NaN.
//
// Packed, in one format for all levels, columns in panels of 16 and chunks padded to kStoredGroup places;
// unsigned: q + 128 or q + 8 where q is signed, and so are zero points.
//   weights  [ceil(n / 16)][places / 8][2][16][4 places] of 8 bits, or
//            [ceil(n / 16)][places / 8][16][4 bytes] of 4, the low halves first: places 0 to 3
//   scales   [ceil(n / 16)][blocks][16], zero points likewise in bytes
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "backends/cpu/kernels/kernel.hpp"
#include "base/function_ref.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

inline constexpr int kStoredPanel = 16;
inline constexpr int kStoredGroup = 8;
inline constexpr int kStoredMostChunk = 256;  // sums of the lower 16 bits of v then fit into 32 bits

struct GemmStoredShape {
  int n = 0;
  int k = 0;
  int bits = 8;
  int block =
      0;  // places along k that share a scale; at least kStoredGroup, or k and more: one for each column
};

// How k is cut: blocks into chunks of equal size, but for what is left at the end of each.
struct StoredChunks {
  explicit StoredChunks(const GemmStoredShape& shape);

  int blocks;
  int per_block;
  int size;   // places of a chunk, padded
  int count;  // of all blocks; those that would be empty are left out
  int last;   // places of the last one, padded

  int first(int chunk) const { return chunk / per_block * block_ + chunk % per_block * size; }
  int end(int chunk) const;  // of the places that are there
  int padded(int chunk) const { return chunk == count - 1 ? last : size; }
  std::ptrdiff_t places() const { return static_cast<std::ptrdiff_t>(count - 1) * size + last; }

 private:
  int block_;
  int k_;
};

// A row of a as integers, for each chunk: this, then its planes of `size` elements each. Kernels that
// multiply bytes have three, of i8: v = (high * 256 + middle) * 256 + low; those that multiply 16-bit
// integers two, v = high * 65536 + low, with the elements of each 4 places in the order 0, 2, 1, 3.
struct StoredChunkHead {
  float scale;        // s
  std::int32_t high;  // minus the sum over the high plane
  std::int32_t low;   // and over what is below it
  std::int32_t spare;
};

struct GemmStoredTile {
  const std::byte* a;
  std::ptrdiff_t a_row;    // bytes
  std::ptrdiff_t a_chunk;  // bytes
  std::ptrdiff_t plane;    // bytes
  const std::uint8_t* weights;
  std::ptrdiff_t panel_bytes;
  const float* scale;
  const std::uint8_t* zero;  // or null:
  std::int32_t one_zero;
  std::ptrdiff_t panel_blocks;  // blocks * kStoredPanel
  int chunks;
  int per_block;
  int size;
  int last;
  int columns;  // that are written
  float* c;
  std::ptrdiff_t ldc;
  const float* bias;      // of the first column, or null
  const float* residual;  // at the tile, or null
  std::ptrdiff_t ldr;
  Activation act;
};

struct GemmStoredKernel {
  KernelInfo info;
  bool words;  // planes of 16-bit integers
  int rows;    // of a tile of `panels` panels
  int panels;
  int single;  // panels of a tile of one row
  // rows up to `rows` with one panel or `panels`, or 1 with `single`.
  void (*tile)(const GemmStoredTile&, int bits, int rows, int panels) noexcept;
  // One chunk of `count` places, padded with zeros to `padded`.
  void (*quantize)(const float* a, int count, int padded, std::ptrdiff_t plane, std::byte* to) noexcept;
};

std::span<const GemmStoredKernel> gemm_stored_kernels();
const GemmStoredKernel* select_gemm_stored(Isa level);

struct GemmStoredArgs {
  GemmStoredShape shape;
  int m = 0;
  const float* a = nullptr;  // [m][k]
  const std::uint8_t* weights = nullptr;
  const float* scale = nullptr;
  const std::uint8_t* zero = nullptr;  // null: all one_zero
  int one_zero = 128;                  // unsigned
  float* c = nullptr;                  // [m][n]
  const float* bias = nullptr;
  const float* residual = nullptr;  // [m][n]; may be c
  Activation act;
};

// nullptr if the shape is one that the kernels take, else why not.
const char* gemm_stored_refusal(const GemmStoredShape& shape);

// Elements of the packed operands. `at` gives the integer at (place, column), unsigned; the scale or zero
// point at (block, column).
std::size_t gemm_stored_packed_size(const GemmStoredShape& shape);
void gemm_stored_pack(const GemmStoredShape& shape, FunctionRef<unsigned(int, int)> at, std::uint8_t* packed);
std::size_t gemm_stored_scales_size(const GemmStoredShape& shape);
void gemm_stored_pack_scales(const GemmStoredShape& shape, FunctionRef<float(int, int)> at, float* packed);
void gemm_stored_pack_zeros(const GemmStoredShape& shape, FunctionRef<unsigned(int, int)> at,
                            std::uint8_t* packed);

// scratch: that many bytes, aligned to a cache line. No less for more rows.
std::size_t gemm_stored_scratch_size(const GemmStoredShape& shape, int m);
void gemm_stored_run(const GemmStoredKernel& kernel, const GemmStoredArgs& args, std::byte* scratch,
                     ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
