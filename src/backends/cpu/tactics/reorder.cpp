// Conversions between plain and channel-blocked tensors: "cpu.reorder".
#include "ops/reorder.hpp"

#include "backends/cpu/steps/requantize.hpp"
#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

#include <fmt/format.h>

namespace tenon {
namespace cpu {
namespace {

class ReorderTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.reorder"; }
  std::string_view op() const noexcept override { return "reorder"; }

  Verdict supports(const Problem& problem) const override {
    const DataType dtype = problem.input(0).dtype;
    if (!is_byte(dtype)) {
      if (Verdict v = require_f32(problem); !v) return v;
    } else if (problem.has_unknown_dims()) {
      return Verdict::no("a shape is known only while running");
    }
    const auto& op = *problem.op.as<op::Reorder>();
    const Layout from = Layout::parse(op.from), to = Layout::parse(op.to);
    const auto known = [](const Layout& layout) {
      return layout.is_row_major() || layout.stored_as({}) == blocked();
    };
    if (!known(from) || !known(to) || from == to) {
      return Verdict::no(fmt::format("from '{}' to '{}', the kernels convert between plain and '{}'", op.from,
                                     op.to, blocked().to_string()));
    }
    if (is_byte(dtype) && (from.stored || to.stored)) return Verdict::no("only f32 is stored in 16 bits");
    if (from.is_row_major() != to.is_row_major() && problem.inputs[0].dims.size() < 3)
      return Verdict::no("fewer than three axes");
    if (problem.input(0).dims != problem.output().dims) return Verdict::no("the operand is a stored array");
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const auto& op = *problem.op.as<op::Reorder>();
    Candidate candidate;
    candidate.inputs = {Layout::parse(op.from)};
    candidate.outputs = {Layout::parse(op.to)};
    candidate.estimate_ns = memory_ns(stored_bytes(problem.inputs[0], candidate.inputs[0]) +
                                          stored_bytes(problem.outputs[0], candidate.outputs[0]),
                                      problem);
    return {candidate};
  }

  Prepared prepare(const Problem&, const Candidate&) const override { return {"cpu.reorder", {}, {}, {0}}; }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_reorder(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::ReorderTactic>());
}

}  // namespace tenon
