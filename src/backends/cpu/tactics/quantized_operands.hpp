// Multipliers and biases of quantized operators at build time.
#pragma once

#include "tactics/tactic.hpp"

namespace tenon::cpu {

// No when multipliers (operand `multiplier`) or bias are computed.
Verdict require_constant_channels(const Problem& problem, std::size_t multiplier, std::size_t bias);

// A scalar or list of multipliers as a list of `channels`, then zeros up to `padded`.
Tensor padded_multipliers(const Tensor& multiplier, std::int64_t channels, std::int64_t padded);

// Time for that many operations of integers, two per product.
double integer_ns(double ops, const Problem& problem);
// The same where tiles of matrices are multiplied: so many results, each the sum of that many products.
double matrix_integer_ns(double results, double products, const Problem& problem);

}  // namespace tenon::cpu
