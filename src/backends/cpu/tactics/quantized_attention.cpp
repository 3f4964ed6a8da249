// "cpu.quantized_attention": attention of bytes, with no matrix of all scores in memory.
#include "ops/quantized_attention.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "backends/cpu/tactics/quantized_operands.hpp"

namespace tenon {
namespace cpu {
namespace {

class QuantizedAttentionTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.quantized_attention"; }
  std::string_view op() const noexcept override { return op::QuantizedAttention::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (problem.has(3) && problem.input(3).dims->size() > 4) return Verdict::no("a mask of rank above 4");
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const op::AttentionExtents e =
        op::attention_extents(problem.op.as<op::QuantizedAttention>()->of_floats(), problem.inputs[0].dims,
                              problem.inputs[1].dims, problem.inputs[2].dims);
    const double scores = elements(std::vector<std::int64_t>{e.batch, e.heads, e.queries, e.keys});
    constexpr double kExponential = 30;  // operations
    return plain_candidate(problem,
                           integer_ns(scores * 2.0 * static_cast<double>(e.depth + e.value_depth), problem) +
                               compute_ns(scores * kExponential, problem));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    Prepared prepared{
        std::string(name()), op_to_params(*problem.op.as<op::QuantizedAttention>()), {}, {0, 1, 2}};
    if (problem.has(3)) prepared.operands.push_back(3);
    return prepared;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_quantized_attention(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::QuantizedAttentionTactic>());
}

}  // namespace tenon
