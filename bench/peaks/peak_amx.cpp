#include "peaks/loops.hpp"

#include <immintrin.h>

#include <cstdint>

namespace tenon::bench {

namespace {

// What ldtilecfg reads: eight tiles of 16 rows of 64 bytes.
struct alignas(64) PeakTiles {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr PeakTiles kPeakTiles;

}  // namespace

// Products of tiles of bytes, two by two and nothing loaded between them. Those of bf16 take as long, with
// half the elements.
double dot_chains_amx(int rounds, float* sink) {
  _tile_loadconfig(&kPeakTiles);
  alignas(64) std::int8_t bytes[16 * 64];
  for (std::int8_t& byte : bytes) byte = static_cast<std::int8_t>(*sink);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, bytes, 64);
  _tile_loadd(5, bytes, 64);
  _tile_loadd(6, bytes, 64);
  _tile_loadd(7, bytes, 64);
  for (int r = 0; r < rounds; ++r) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  alignas(64) std::int32_t sums[16 * 16];
  _tile_stored(0, sums, 64);
  *sink = static_cast<float>(sums[0]) * 0.0F;
  _tile_release();
  return 2.0 * 16 * 16 * 64 * 4 * rounds;
}

}  // namespace tenon::bench
