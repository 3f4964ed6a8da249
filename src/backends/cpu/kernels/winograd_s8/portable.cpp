#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/winograd_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct Level {
  using Acc = S8Sums;
  struct Weights {
    S8Sums even;
    S8Sums odd;
  };
  struct X {
    std::uint32_t even;
    std::uint32_t odd;
  };
  static constexpr int kLanes = 4;

  // A 16-bit integer modulo 2^32.
  static TENON_SIMD std::uint32_t wide(std::int16_t x) { return static_cast<std::uint32_t>(x); }
  template <class From>
  static TENON_SIMD S8Words load(const From& from, S8Bytes flip) {
    S8Bytes bytes;
    std::memcpy(&bytes, from(0), sizeof bytes);
    return __builtin_convertvector(bytes ^ flip, S8Words);
  }
  static TENON_SIMD Acc zero() { return Acc{}; }
  static TENON_SIMD Weights weights(const std::int16_t* w) {
    return {Acc{wide(w[0]), wide(w[2]), wide(w[4]), wide(w[6])},
            Acc{wide(w[1]), wide(w[3]), wide(w[5]), wide(w[7])}};
  }
  static TENON_SIMD X broadcast(const std::int16_t* x) { return {wide(x[0]), wide(x[1])}; }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) { return sum + w.even * x.even + w.odd * x.odd; }
  static TENON_SIMD void store(Acc sum, std::int32_t* to) { std::memcpy(to, &sum, sizeof sum); }
};

}  // namespace

void winograd_s8_portable_input(const WinogradS8Input& args) noexcept;
void winograd_s8_portable_product(const WinogradS8Product& args, int tiles, int blocks) noexcept;
void winograd_s8_portable_output(const WinogradS8Output& args) noexcept;

void winograd_s8_portable_input(const WinogradS8Input& args) noexcept { winograd_s8_input_of<Level>(args); }

void winograd_s8_portable_product(const WinogradS8Product& args, int tiles, int blocks) noexcept {
  winograd_s8_product_of<Level, 4, 0>(args, tiles, blocks);
}

void winograd_s8_portable_output(const WinogradS8Output& args) noexcept { winograd_s8_output_of(args); }

}  // namespace tenon::cpu
