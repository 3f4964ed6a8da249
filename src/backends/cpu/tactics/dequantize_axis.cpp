// Integers to floats with a scale for each place or block along an axis: "cpu.dequantize_axis".
#include "backends/cpu/kernels/quantize/dequantize.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/dequantize_linear.hpp"

#include <fmt/format.h>

namespace tenon {
namespace cpu {
namespace {

class DequantizeAxisTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.dequantize_axis"; }
  std::string_view op() const noexcept override { return op::DequantizeLinear::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (const DataType from = problem.input(0).dtype; !can_dequantize(from))
      return Verdict::no(fmt::format("of {}, the kernels read i8, u8, i4 and u4", tenon::name(from)));
    if (problem.output().dtype != DataType::f32 || problem.input(1).dtype != DataType::f32)
      return Verdict::no("the result is not f32");
    const auto& op = *problem.op.as<op::DequantizeLinear>();
    const Dims& scale = *problem.input(1).dims;
    if (scale.size() != (op.block_size == 0 ? 1 : problem.inputs[0].dims.size()) ||
        product(scale).is_const(1)) {
      return Verdict::no("one scale for all elements");
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_candidate(problem, memory_ns(4 * touched_bytes(problem), problem));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    Prepared prepared{std::string(name()), op_to_params(*problem.op.as<op::DequantizeLinear>()), {}, {0, 1}};
    if (problem.has(2)) prepared.operands.push_back(2);
    return prepared;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_dequantize_axis(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::DequantizeAxisTactic>());
}

}  // namespace tenon
