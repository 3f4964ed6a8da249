// Local response normalization.
#include "ops/lrn.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

namespace tenon {
namespace cpu {
namespace {

class LrnTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.lrn"; }
  std::string_view op() const noexcept override { return op::Lrn::kName; }
  double error_factor() const noexcept override { return 2; }  // powers

  Verdict supports(const Problem& problem) const override { return require_f32(problem); }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const double window = static_cast<double>(problem.op.as<op::Lrn>()->size) + 8;
    return plain_candidate(problem, compute_ns(elements(problem.inputs[0].dims) * window, problem));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    return {"cpu.lrn", op_to_params(*problem.op.as<op::Lrn>()), {}, {0}};
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_lrn(TacticRegistry& registry) { registry.add(std::make_unique<cpu::LrnTactic>()); }

}  // namespace tenon
