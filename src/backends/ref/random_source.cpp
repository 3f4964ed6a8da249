#include "backends/ref/random_source.hpp"

#include <bit>
#include <random>

namespace tenon::ref {

Random random_source(const std::optional<float>& seed) {
  if (seed) return Random(std::bit_cast<std::uint32_t>(*seed));
  std::random_device device;
  const std::uint64_t high = device();
  return Random((high << 32) | device());
}

double uniform_real(Random& random) { return static_cast<double>((random.next64() >> 11) + 1) * 0x1p-53; }

}  // namespace tenon::ref
