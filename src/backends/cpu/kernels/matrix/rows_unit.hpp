// The unit of panel.hpp without tiles, row by row: the arithmetic of AMX where there is none, over
//
//   struct Dot {
//     using Sums = …;                             16 sums
//     using Weights = …;                          of 4 bytes of 16 channels
//     static Sums load(const Sum*);
//     static void store(Sums, Sum*);
//     static Weights weights(const std::byte*);   64 bytes
//     static Sums dot(Sums, const std::byte*, Weights);   4 bytes of a row
//   };
#pragma once

#include "backends/cpu/kernels/matrix/panel.hpp"

namespace tenon::cpu {
namespace {

template <class Dot>
struct MatrixRowsUnit {
  static void begin() {}
  static void end() {}
  template <int Tiles, int Blocks, class Sum>
  static void store(Sum*) {}

  template <int Tiles, int Blocks, bool Leaving, class Work, class Sum, class Between>
  static void multiply(const Work& work, const MatrixTile* tiles, int block, Sum* sums, Sum*,
                       Between between) {
    for (int n = 0; n < Blocks; ++n) {
      for (int m = 0; m < Tiles; ++m)
        multiply(work, tiles[m].position, block + n, sums + (n * Tiles + m) * kMatrixTileSums);
    }
    for (int s = 0; s < work.steps(); ++s) between();
  }

 private:
  template <class Work, class Sum>
  static void multiply(const Work& work, std::ptrdiff_t position, int block, Sum* sums) {
    using Sums = typename Dot::Sums;
    constexpr Sum kZeros[kChannelBlock] = {};
    Sums acc[kMatrixRows];
    const Sums first = Dot::load(work.bias ? work.bias + block * kChannelBlock : kZeros);
    unroll<kMatrixRows>([&](auto row) TENON_INLINE_LAMBDA { acc[row.value] = first; });
    const std::byte* weights = work.weights + block * work.weights_block;
    for (const MatrixPass& pass : work.passes) {
      for (int s = 0; s < pass.steps; ++s) {
        const std::byte* src = pass.src + position * pass.row + pass.offsets[s];
        for (int k = 0; k < kMatrixDepth; k += kMatrixGroup, weights += kMatrixGroup * kChannelBlock) {
          const auto w = Dot::weights(weights);
          unroll<kMatrixRows>([&](auto row) TENON_INLINE_LAMBDA {
            acc[row.value] = Dot::dot(acc[row.value], src + row.value * pass.row + k, w);
          });
        }
      }
    }
    unroll<kMatrixRows>(
        [&](auto row) TENON_INLINE_LAMBDA { Dot::store(acc[row.value], sums + row.value * kChannelBlock); });
  }
};

}  // namespace
}  // namespace tenon::cpu
