// Tensors of one value.
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/constant_of_shape.hpp"

#include <fmt/format.h>

namespace tenon {
namespace cpu {
namespace {

class FillTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.fill"; }
  std::string_view op() const noexcept override { return op::ConstantOfShape::kName; }

  Verdict supports(const Problem& problem) const override {
    const TensorType& result = problem.output();
    if (!result.dims || problem.outputs[0].dims.size() != result.dims->size() ||
        std::any_of(result.dims->begin(), result.dims->end(), [](const Dim& d) { return d.is_unknown(); }))
      return Verdict::no("the shape is known only while running");
    const int bits = bit_width(result.dtype);
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
      return Verdict::no(fmt::format("of {}, elements are 1, 2, 4 or 8 bytes", tenon::name(result.dtype)));
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const double bytes = elements(problem.outputs[0].dims) * bit_width(problem.output().dtype) / 8;
    return plain_candidate(problem, memory_ns(bytes, problem));
  }

  // The dims of the result say all that the operand says.
  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const Tensor& value = problem.op.as<op::ConstantOfShape>()->value;
    return {"cpu.fill", {}, {value.reshaped({1})}, {}};
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_fill(TacticRegistry& registry) { registry.add(std::make_unique<cpu::FillTactic>()); }

}  // namespace tenon
