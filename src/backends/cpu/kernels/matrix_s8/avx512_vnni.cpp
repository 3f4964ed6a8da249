#include "backends/cpu/kernels/bytes/avx512.hpp"
#include "backends/cpu/kernels/matrix_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct VnniUnit {
  static void begin() {}
  static void end() {}
  template <int Tiles, int Blocks, int Set>
  static void store(std::int32_t*) {}

  template <int Tiles, int Blocks, int Set, class Between>
  static void multiply(const MatrixWork& work, const MatrixTile* tiles, const std::int8_t* weights,
                       const std::int32_t* bias, std::int32_t* sums, Between between) {
    for (int n = 0; n < Blocks; ++n) {
      for (int m = 0; m < Tiles; ++m)
        multiply(work, tiles[m].position, weights + n * work.weights_block, bias + n * kChannelBlock,
                 sums + (n * Tiles + m) * kMatrixTileSums);
    }
    for (int s = 0; s < work.passes[0].steps + work.passes[1].steps; ++s) between();
  }

  static void multiply(const MatrixWork& work, std::ptrdiff_t position, const std::int8_t* weights,
                       const std::int32_t* bias, std::int32_t* sums) {
    __m512i acc[kMatrixRows];
    const __m512i first = _mm512_loadu_si512(bias);
    unroll<kMatrixRows>([&](auto row) TENON_INLINE_LAMBDA { acc[row.value] = first; });
    for (const MatrixPass& pass : work.passes) {
      for (int s = 0; s < pass.steps; ++s) {
        const std::uint8_t* src = pass.src + position * pass.row + pass.offsets[s];
        for (int k = 0; k < kMatrixDepth; k += kMatrixGroup, weights += kMatrixGroup * kChannelBlock) {
          const __m512i w = _mm512_loadu_si512(weights);
          unroll<kMatrixRows>([&](auto row) TENON_INLINE_LAMBDA {
            std::int32_t group;
            std::memcpy(&group, src + row.value * pass.row + k, sizeof group);
            acc[row.value] = _mm512_dpbusd_epi32(acc[row.value], _mm512_set1_epi32(group), w);
          });
        }
      }
    }
    unroll<kMatrixRows>([&](auto row) TENON_INLINE_LAMBDA {
      _mm512_storeu_si512(sums + row.value * kChannelBlock, acc[row.value]);
    });
  }
};

}  // namespace

void matrix_s8_avx512_vnni(const MatrixWork& work) noexcept;

void matrix_s8_avx512_vnni(const MatrixWork& work) noexcept { MatrixPanel<VnniUnit>(work).run(); }

}  // namespace tenon::cpu
