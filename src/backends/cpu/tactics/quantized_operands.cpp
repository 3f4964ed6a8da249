#include "backends/cpu/tactics/quantized_operands.hpp"

#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

#include <algorithm>

namespace tenon::cpu {

namespace {

// Integer operations per nanosecond and core that good code reaches at a level.
double ops_per_ns(Isa isa) {
  if (isa >= Isa::avx512_vnni) return 700;
  if (isa >= Isa::avx512) return 250;
  if (isa >= Isa::avx2_vnni) return 350;
  if (isa >= Isa::avx2) return 130;
  return 4;
}

}  // namespace

Verdict require_constant_channels(const Problem& problem, std::size_t multiplier, std::size_t bias) {
  if (problem.inputs[multiplier].constant == nullptr)
    return Verdict::no("the multipliers are computed, not constant");
  return require_constant(problem, bias, "bias");
}

ByteWeights constant_weights(const Problem& problem, std::size_t filter, std::size_t multiplier,
                             std::size_t bias) {
  ByteWeights weights{*problem.inputs[filter].constant, *problem.inputs[multiplier].constant, {}};
  if (problem.has(bias)) weights.bias = *problem.inputs[bias].constant;
  return weights;
}

double integer_ns(double ops, const Problem& problem) {
  return kCallNs + ops / (ops_per_ns(problem.isa) * std::max(1, problem.threads));
}

double matrix_integer_ns(double results, double products, const Problem& problem) {
  constexpr double kOpsPerNs = 3000, kResultsPerNs = 8;  // per core
  const double ns = 2 * results * products / kOpsPerNs + results / kResultsPerNs;
  return kCallNs + ns / std::max(1, problem.threads);
}

}  // namespace tenon::cpu
