// The generator behind the random operators.
#pragma once

#include "base/random.hpp"

#include <optional>

namespace tenon::ref {

// Seeded by the operator's seed, or freshly when it has none.
Random random_source(const std::optional<float>& seed);

// Uniform in (0, 1], with 53 bits.
double uniform_real(Random& random);

}  // namespace tenon::ref
