// Whole attention, with no matrix of all scores in memory: "cpu.attention" in single precision, and
// "cpu.attention_bf16" with products of bf16, for which exponentials are rounded.
#include "ops/attention.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "backends/cpu/tactics/half.hpp"

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kAttentionMask = 3;  // operand

class AttentionTactic : public Tactic {
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
    const op::AttentionExtents e = extents_of(problem);
    const double scores = elements(std::vector<std::int64_t>{e.batch, e.heads, e.queries, e.keys});
    constexpr double kExponential = 30;  // operations
    const double flops = scores * (2.0 * static_cast<double>(e.depth + e.value_depth) + kExponential);
    std::vector<Candidate> all = plain_candidate(problem, compute_ns(flops, problem));
    for (const DataType type : problem.stored_types) all.push_back(stored_as(type, problem, all[0]));
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

 protected:
  static op::AttentionExtents extents_of(const Problem& problem) {
    const Shape none;
    return op::attention_extents(*problem.op.as<op::Attention>(), problem.inputs[0].dims,
                                 problem.has(1) ? problem.inputs[1].dims : none,
                                 problem.has(2) ? problem.inputs[2].dims : none);
  }

  static Candidate stored_as(DataType type, const Problem& problem, Candidate candidate) {
    for (std::size_t i = 0; i < kAttentionMask && i < problem.inputs.size(); ++i) {
      if (problem.has(i)) candidate.inputs[i] = Layout().stored_as(type);
    }
    candidate.outputs[0] = Layout().stored_as(type);
    return candidate;
  }
};

class HalfAttentionTactic final : public AttentionTactic {
 public:
  std::string_view name() const noexcept override { return "cpu.attention_bf16"; }
  double error_factor() const noexcept override {
    return AttentionTactic::error_factor() + rounding_factor(DataType::bf16);
  }

  Verdict supports(const Problem& problem) const override {
    if (Verdict v = require_stored(problem, DataType::bf16); !v) return v;
    if (problem.isa < Isa::avx512_bf16) return Verdict::no("the processor does not multiply numbers of bf16");
    if (Verdict v = AttentionTactic::supports(problem); !v) return v;
    if (extents_of(problem).depth % 2 != 0) return Verdict::no("the depth is odd");
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    Candidate plain = std::move(AttentionTactic::candidates(problem)[0]);
    constexpr double kShare = 0.6;  // of the time in single precision
    plain.estimate_ns *= kShare;
    return {stored_as(DataType::bf16, problem, std::move(plain))};
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_attention(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::AttentionTactic>());
  registry.add(std::make_unique<cpu::HalfAttentionTactic>());
}

}  // namespace tenon
