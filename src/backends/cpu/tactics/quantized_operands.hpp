// Multipliers and biases of quantized operators at build time.
#pragma once

#include "backends/cpu/steps/byte_weights.hpp"
#include "tactics/tactic.hpp"

namespace tenon::cpu {

// No when multipliers (operand `multiplier`) or bias are computed.
Verdict require_constant_channels(const Problem& problem, std::size_t multiplier, std::size_t bias);

// The constants of an operator whose filter, multipliers and bias are these operands.
ByteWeights constant_weights(const Problem& problem, std::size_t filter, std::size_t multiplier,
                             std::size_t bias);

// Time for that many operations of integers, two per product.
double integer_ns(double ops, const Problem& problem);
// The same where tiles of matrices are multiplied: so many results, each the sum of that many products.
double matrix_integer_ns(double results, double products, const Problem& problem);

}  // namespace tenon::cpu
