#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/matrix_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct PortableUnit {
  static void begin() {}
  static void end() {}
  template <int Tiles, int Blocks, int Set>
  static void store(std::int32_t*) {}

  template <int Tiles, int Blocks, int Set, class Between>
  static void multiply(const MatrixWork& work, const MatrixTile* tiles, const std::int8_t* weights,
                       const std::int32_t* bias, std::int32_t* sums, Between between) {
    for (int n = 0; n < Blocks; ++n) {
      for (int row = 0; row < Tiles * kMatrixRows; ++row)
        std::memcpy(sums + (n * Tiles * kMatrixRows + row) * kChannelBlock, bias + n * kChannelBlock,
                    kChannelBlock * sizeof(std::int32_t));
    }
    for (const MatrixPass& pass : work.passes) {
      for (int s = 0; s < pass.steps; ++s, weights += kMatrixStepWeights) {
        for (int n = 0; n < Blocks; ++n) {
          for (int row = 0; row < Tiles * kMatrixRows; ++row) {
            const std::uint8_t* src = pass.src +
                                      (tiles[row / kMatrixRows].position + row % kMatrixRows) * pass.row +
                                      pass.offsets[s];
            add(src, weights + n * work.weights_block,
                sums + (n * Tiles * kMatrixRows + row) * kChannelBlock);
          }
        }
        between();
      }
    }
  }

  static void add(const std::uint8_t* src, const std::int8_t* weights, std::int32_t* sums) {
    for (int k = 0; k < kMatrixDepth; k += kMatrixGroup) {
      for (int o = 0; o < kChannelBlock; ++o) {
        std::int32_t sum = 0;
        for (int i = 0; i < kMatrixGroup; ++i) sum += src[k + i] * *weights++;
        sums[o] =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[o]) + static_cast<std::uint32_t>(sum));
      }
    }
  }
};

}  // namespace

void matrix_s8_portable(const MatrixWork& work) noexcept;

void matrix_s8_portable(const MatrixWork& work) noexcept { MatrixPanel<PortableUnit>(work).run(); }

}  // namespace tenon::cpu
