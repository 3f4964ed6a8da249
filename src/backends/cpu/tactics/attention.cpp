// "cpu.attention": whole attention, with no matrix of all scores in memory.
#include "ops/attention.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kAttentionMask = 3;  // operand

class AttentionTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.attention"; }
  std::string_view op() const noexcept override { return op::Attention::kName; }
  // Scores carry the error of their products into an exponential, whose sum divides.
  double error_factor() const noexcept override { return 8; }

  Verdict supports(const Problem& problem) const override {
    if (Verdict v = require_f32(problem); !v) return v;
    if (problem.has(3) && problem.input(3).dims->size() > 4) return Verdict::no("a mask of rank above 4");
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const auto& op = *problem.op.as<op::Attention>();
    const Shape none;
    const op::AttentionExtents e =
        op::attention_extents(op, problem.inputs[0].dims, problem.has(1) ? problem.inputs[1].dims : none,
                              problem.has(2) ? problem.inputs[2].dims : none);
    const double scores = elements(std::vector<std::int64_t>{e.batch, e.heads, e.queries, e.keys});
    constexpr double kExponential = 30;  // operations
    const double flops = scores * (2.0 * static_cast<double>(e.depth + e.value_depth) + kExponential);
    std::vector<Candidate> all = plain_candidate(problem, compute_ns(flops, problem));
    for (const DataType type : problem.stored_types) {
      Candidate stored = all[0];
      for (std::size_t i = 0; i < kAttentionMask && i < problem.inputs.size(); ++i) {
        if (problem.has(i)) stored.inputs[i] = Layout().stored_as(type);
      }
      stored.outputs[0] = Layout().stored_as(type);
      all.push_back(std::move(stored));
    }
    return all;
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    Prepared prepared{std::string(name()), op_to_params(*problem.op.as<op::Attention>()), {}, {0}};
    prepared.params.push_back({"@kv", std::int64_t{problem.has(1)}});
    prepared.params.push_back({"@mask", std::int64_t{problem.has(3)}});
    for (const std::size_t i : {1U, 2U, 3U}) {
      if (problem.has(i)) prepared.operands.push_back(i);
    }
    return prepared;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_attention(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::AttentionTactic>());
}

}  // namespace tenon
