// Accuracy: how far a build may go from the direct algorithm.
#pragma once

#include <cstdint>

namespace tenon {

// exact: only what rounds like the direct algorithm, sum by sum; verification uses it. standard: also
// algorithms with a small stated error factor, such as Winograd's convolution in FP32. relaxed: also those
// whose error a network may or may not bear.
enum class Accuracy : std::uint8_t { exact, standard, relaxed };

}  // namespace tenon
