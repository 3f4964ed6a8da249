// Resizing of spatial axes by nearest and linear interpolation: "cpu.resize", plain and blocked.
#include "ops/resize.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/requantize.hpp"
#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kScales = 2, kSizes = 3;

// The operator with scales or sizes from constant operands in its fields.
op::Resize with_fields(const Problem& problem) {
  op::Resize op = *problem.op.as<op::Resize>();
  if (problem.has(kScales)) {
    const auto values = problem.inputs[kScales].constant->values<float>();
    op.scales.assign(values.begin(), values.end());
  }
  if (problem.has(kSizes)) {
    const auto values = problem.inputs[kSizes].constant->values<std::int64_t>();
    op.sizes.assign(values.begin(), values.end());
  }
  return op;
}

class ResizeTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.resize"; }
  std::string_view op() const noexcept override { return op::Resize::kName; }
  double error_factor() const noexcept override { return 4; }  // weights are rounded

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    const auto& op = *problem.op.as<op::Resize>();
    const DataType dtype = problem.input(0).dtype;
    if (dtype != DataType::f32 && !(is_byte(dtype) && op.mode == op::ResizeMode::nearest))
      return Verdict::no(
          fmt::format("of {}, the kernels work on f32, and on bytes to the nearest", tenon::name(dtype)));
    if (op.mode == op::ResizeMode::cubic) return Verdict::no("cubic interpolation");
    if (op.antialias || op.exclude_outside)
      return Verdict::no("linear interpolation with weights of its own");
    if (op.transform == op::CoordinateTransform::tf_crop_and_resize)
      return Verdict::no("a region of interest");
    if (Verdict v = require_constant(problem, kScales, "scale"); !v) return v;
    if (Verdict v = require_constant(problem, kSizes, "size"); !v) return v;
    const Dims& x = *problem.input(0).dims;
    const Dims& y = *problem.output().dims;
    if (x.size() != 3 && x.size() != 4)
      return Verdict::no(fmt::format("{} axes, the kernels resize tensors of three or four", x.size()));
    for (std::size_t i = 0; i < 2; ++i) {
      if (!provably_equal(x[i], y[i])) return Verdict::no("batch or channels are resized");
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const double reads = problem.op.as<op::Resize>()->mode == op::ResizeMode::linear ? 5 : 2;
    const double plain_ns = memory_ns(
        (is_byte(problem.input(0).dtype) ? 1 : 4) * reads * elements(problem.outputs[0].dims), problem);
    return with_stored_types(problem, plain_and_blocked(problem, plain_ns), Stored::blocked);
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    return {"cpu.resize", op_to_params(with_fields(problem)), {}, {0}};
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_resize(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::ResizeTactic>());
}

}  // namespace tenon
