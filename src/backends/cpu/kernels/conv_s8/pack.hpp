// Integer weights, as conv_s8.hpp lays them out.
#pragma once

#include "backends/cpu/kernels/band/pack.hpp"
#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

namespace tenon::cpu {

// pack_grouped_weights of bytes.
template <class Weight>
std::int8_t* pack_s8_weights(const ConvShape& shape, int taps, std::int8_t* packed, Weight weight) {
  return pack_grouped_weights<kS8Group>(shape, taps, packed, weight);
}

}  // namespace tenon::cpu
