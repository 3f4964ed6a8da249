// "cpu.quantized_norm": a normalization over the last axes that is rounded while a row is in a cache.
#include "ops/quantized_norm.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "backends/cpu/tactics/norm_rows.hpp"

namespace tenon {
namespace cpu {
namespace {

using QNorm = op::QuantizedNorm;

class QuantizedNormTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.quantized_norm"; }
  std::string_view op() const noexcept override { return QNorm::kName; }
  double error_factor() const noexcept override { return 4; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    return require_norm_rows(problem, norm_axis(problem, problem.op.as<QNorm>()->axis));
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_candidate(problem, memory_ns(2 * touched_bytes(problem), problem));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const auto& op = *problem.op.as<QNorm>();
    Prepared prepared{std::string(name()), op_to_params(op), {}, {QNorm::kX}};
    for (const std::size_t i : {QNorm::kScale, QNorm::kBias}) {
      prepared.params.push_back({i == QNorm::kScale ? "@scale" : "@bias", std::int64_t{problem.has(i)}});
      if (problem.has(i)) prepared.weights.push_back(*problem.inputs[i].constant);
    }
    return prepared;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_quantized_norm(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::QuantizedNormTactic>());
}

}  // namespace tenon
