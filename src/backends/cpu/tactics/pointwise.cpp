// Elementwise operators and fused groups of them: "cpu.pointwise.<operator>" on plain and on channel-blocked
// tensors.
#include "backends/cpu/kernels/pointwise/pointwise.hpp"

#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/tactics/blocked.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/pointwise.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

PointwiseProgram one_call(PointwiseFn fn, float alpha, float beta) {
  PointwiseProgram program;
  program.inputs = static_cast<std::uint16_t>(info(fn).arity);
  PointwiseProgram::Instruction call;
  call.fn = fn;
  call.alpha = alpha;
  call.beta = beta;
  for (std::uint16_t i = 0; i < program.inputs; ++i) call.args[i] = i;
  program.code.push_back(call);
  return program;
}

PointwiseProgram program_of(const Op& op) {
  if (const auto* group = op.as<op::Pointwise>()) return group->program;
  if (const auto* unary = op.as<op::Unary>()) return one_call(unary->fn, unary->alpha, unary->beta);
  if (const auto* binary = op.as<op::Binary>()) return one_call(binary->fn, binary->alpha, binary->beta);
  if (op.is<op::Where>()) return one_call(PointwiseFn::where, 0, 0);
  PointwiseProgram program;
  program.inputs = 1;
  PointwiseProgram::Instruction cast;
  cast.kind = PointwiseProgram::Kind::cast;
  cast.to = op.as<op::Cast>()->to;
  program.code.push_back(cast);
  return program;
}

// The kernels compute in floats.
bool is_integer_only(PointwiseFn fn) {
  using enum PointwiseFn;
  return fn == bit_and || fn == bit_or || fn == bit_xor || fn == bit_not || fn == shift_left ||
         fn == shift_right;
}

// How an operand takes part when the result is blocked.
enum class Part { blocked, plain, weight, impossible };

Part part_of(const Problem& problem, std::size_t i) {
  const Operand& operand = problem.inputs[i];
  if (operand.constant != nullptr) return Part::weight;
  const Dims& dims = *operand.type.as_tensor().dims;
  const Dims& result = *problem.output().dims;
  const std::size_t missing = result.size() - dims.size();
  if (missing == 0 && provably_equal(dims[1], result[1])) {
    return operand.type.as_tensor().dtype == DataType::f32 ? Part::blocked : Part::impossible;
  }
  return missing >= 2 || dims[1 - missing].is_const(1) ? Part::plain : Part::impossible;
}

bool has_blocked_form(const Problem& problem) {
  const TensorType& result = problem.output();
  if (result.dtype != DataType::f32 || !is_blockable(result)) return false;
  bool any = false;
  for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
    const Part part = part_of(problem, i);
    if (part == Part::impossible) return false;
    any = any || part == Part::blocked;
  }
  return any;
}

class PointwiseTactic final : public Tactic {
 public:
  explicit PointwiseTactic(std::string_view op) : op_(op), name_(fmt::format("cpu.pointwise.{}", op)) {}
  std::string_view name() const noexcept override { return name_; }
  std::string_view op() const noexcept override { return op_; }
  // The worst function of the family, and a program may apply it to its own results.
  double error_factor() const noexcept override { return 4; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    const PointwiseProgram program = program_of(problem.op);
    const Shape& space = problem.outputs[0].dims;
    PointwiseProblem plain{program, {space.begin(), space.end()}, {}, problem.output().dtype};
    bool broadcasts = false;
    // The kernels take them, but round once where the operators round each result.
    const auto narrow = [](const Operand& operand) {
      const DataType dtype = operand.type.as_tensor().dtype;
      return dtype == DataType::bf16 || dtype == DataType::f16;
    };
    if (std::any_of(problem.inputs.begin(), problem.inputs.end(), narrow) || narrow(problem.outputs[0]))
      return Verdict::no("of 16 bits, the kernels compute in f32");
    for (const Operand& operand : problem.inputs) {
      const std::vector<std::ptrdiff_t> dims(operand.dims.begin(), operand.dims.end());
      plain.operands.push_back({operand.type.as_tensor().dtype, broadcast_strides(dims, plain.dims)});
      broadcasts = broadcasts || *operand.type.as_tensor().dims != *problem.output().dims;
    }
    PointwiseTask task;
    if (const std::string why = pointwise_prepare(*select_pointwise(problem.isa), plain, &task); !why.empty())
      return Verdict::no(why);
    if (broadcasts && space.size() > kPointwiseRank) {
      return Verdict::no(
          fmt::format("broadcasting over {} axes, the kernels have {}", space.size(), kPointwiseRank));
    }
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    std::vector<Candidate> candidates;
    for (const bool in_blocks : {false, true}) {
      if (in_blocks && !has_blocked_form(problem)) break;
      Candidate candidate;
      candidate.inputs.resize(problem.inputs.size());
      candidate.outputs.resize(1);
      if (in_blocks) {
        candidate.outputs[0] = blocked();
        for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
          if (part_of(problem, i) == Part::blocked) candidate.inputs[i] = blocked();
        }
      }
      const double work =
          elements(problem.outputs[0].dims) * static_cast<double>(program_of(problem.op).code.size());
      candidate.estimate_ns = memory_ns(touched_bytes(problem) + work, problem) *
                              (in_blocks ? blocked_excess(problem.outputs[0]) : 1);
      candidates.push_back(std::move(candidate));
    }
    return with_stored_types(problem, std::move(candidates));
  }

  Prepared prepare(const Problem& problem, const Candidate& candidate) const override {
    const bool in_blocks = !candidate.outputs[0].is_row_major();
    Prepared prepared{"cpu.pointwise", {}, {}, {}};
    std::vector<std::int64_t> sources;
    for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
      if (in_blocks && problem.inputs[i].constant != nullptr) {
        sources.push_back(~static_cast<std::int64_t>(prepared.weights.size()));
        prepared.weights.push_back(
            block_constant(*problem.inputs[i].constant, problem.outputs[0].dims.size()));
      } else {
        sources.push_back(static_cast<std::int64_t>(prepared.operands.size()));
        prepared.operands.push_back(i);
      }
    }
    prepared.params.push_back({"@program", program_of(problem.op)});
    prepared.params.push_back({"@operands", std::move(sources)});
    return prepared;
  }

 private:
  std::string_view op_;
  std::string name_;
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_pointwise(TacticRegistry& registry) {
  for (int i = 0; i < pointwise_fn_count(); ++i) {
    const auto fn = static_cast<PointwiseFn>(i);
    if (!cpu::is_integer_only(fn)) registry.add(std::make_unique<cpu::PointwiseTactic>(info(fn).name));
  }
  registry.add(std::make_unique<cpu::PointwiseTactic>(op::Pointwise::kName));
  registry.add(std::make_unique<cpu::PointwiseTactic>(op::Cast::kName));
}

}  // namespace tenon
