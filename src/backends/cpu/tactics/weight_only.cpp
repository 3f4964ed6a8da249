// Convolutions and products with weights of integers: each tactic for the operator over floats, in a step
// "cpu.weight_only" that makes floats of the weights when the engine is loaded. The plan holds the integers;
// speed is that of floats.
#include "ops/weight_only.hpp"

#include "backends/cpu/kernels/quantize/dequantize.hpp"
#include "backends/cpu/tactics/checks.hpp"

#include <fmt/format.h>

namespace tenon {

void register_cpu_tactic_conv(TacticRegistry& registry);
void register_cpu_tactic_matmul(TacticRegistry& registry);

namespace cpu {
namespace {

// The tactics that are wrapped, for as long as the program runs.
const TacticRegistry& float_tactics() {
  static const TacticRegistry registry = [] {
    TacticRegistry tactics;
    register_cpu_tactic_conv(tactics);
    register_cpu_tactic_matmul(tactics);
    return tactics;
  }();
  return registry;
}

template <class Base>
class WeightOnlyTactic final : public Tactic {
  using Whole = op::WeightOnly<Base>;
  static constexpr std::size_t kOwn = Base::kFirstEpilogueOperand;  // operands of the operator over floats
  static constexpr std::size_t kMore = Whole::kFirstEpilogueOperand - kOwn;

 public:
  explicit WeightOnlyTactic(const Tactic& inner)
      : inner_(inner),
        name_(fmt::format("cpu.weight_only.{}", inner.name().substr(inner.name().find('.') + 1))) {}

  std::string_view name() const noexcept override { return name_; }
  int version() const noexcept override { return inner_.version(); }
  std::string_view op() const noexcept override { return Whole::kName; }
  double error_factor() const noexcept override { return inner_.error_factor(); }
  Accuracy loosest() const noexcept override { return inner_.loosest(); }

  Verdict supports(const Problem& problem) const override {
    for (const std::size_t i : {Whole::kWeights, Whole::kScale, Whole::kZero}) {
      if (Verdict v = require_constant(problem, i, "weights, their scale or zero point"); !v) return v;
    }
    const DataType stored = problem.inputs[Whole::kWeights].constant->dtype();
    if (!can_dequantize(stored))
      return Verdict::no(
          fmt::format("weights of {}, the kernels read i8, u8, i4 and u4", tenon::name(stored)));
    if constexpr (std::is_same_v<Base, op::MatMul>) {
      if (problem.inputs[Whole::kWeights].dims.size() != 2) return Verdict::no("the weights are no matrix");
      if (problem.inputs[Whole::kX].dims.size() < 2) return Verdict::no("the first operand is a vector");
    }
    return inner_.supports(over_floats(problem, shape_only(problem)));
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    std::vector<Candidate> all = inner_.candidates(over_floats(problem, shape_only(problem)));
    for (Candidate& candidate : all) {
      candidate.inputs.resize(std::max(candidate.inputs.size(), std::min(kOwn, problem.inputs.size())));
      if (problem.inputs.size() > kOwn) {
        const std::size_t more = std::min(kMore, problem.inputs.size() - kOwn);
        candidate.inputs.insert(candidate.inputs.begin() + static_cast<std::ptrdiff_t>(kOwn), more, Layout());
      }
    }
    return all;
  }

  Prepared prepare(const Problem& problem, const Candidate& candidate) const override {
    Candidate inner_candidate = candidate;
    const auto first = inner_candidate.inputs.begin() + static_cast<std::ptrdiff_t>(kOwn);
    const auto last = static_cast<std::ptrdiff_t>(std::min(kOwn + kMore, inner_candidate.inputs.size()));
    inner_candidate.inputs.erase(first, inner_candidate.inputs.begin() + last);
    const auto& op = *problem.op.as<Whole>();
    const Tensor zeros(DataType::f32, problem.inputs[Whole::kWeights].dims);
    Prepared prepared = inner_.prepare(over_floats(problem, zeros), inner_candidate);

    const bool has_zero = problem.has(Whole::kZero);
    prepared.params.push_back({"@kind", std::exchange(prepared.kind, "cpu.weight_only")});
    prepared.params.push_back(
        {"@stored", std::vector<std::int64_t>{op.axis, op.block_size, has_zero ? 1 : 0}});
    prepared.params.push_back({"@x", problem.inputs[Whole::kX].dims});
    prepared.params.push_back({"@y", problem.outputs[0].dims});
    std::vector<Tensor> stored = {*problem.inputs[Whole::kWeights].constant,
                                  *problem.inputs[Whole::kScale].constant};
    if (has_zero) stored.push_back(*problem.inputs[Whole::kZero].constant);
    prepared.weights.erase(prepared.weights.begin());
    prepared.weights.insert(prepared.weights.begin(), stored.begin(), stored.end());
    for (std::size_t& operand : prepared.operands) {
      if (operand >= kOwn) operand += kMore;
    }
    return prepared;
  }

 private:
  // Of the weights' shape; its elements are not read.
  static Tensor shape_only(const Problem& problem) {
    return Tensor::view_const(DataType::f32, problem.inputs[Whole::kWeights].dims, nullptr);
  }

  static Problem over_floats(const Problem& problem, const Tensor& weights) {
    std::vector<Operand> inputs = {problem.inputs[Whole::kX], problem.inputs[Whole::kWeights],
                                   problem.inputs[Whole::kBias]};
    TensorType type = inputs[1].type.as_tensor();
    type.dtype = DataType::f32;
    inputs[1].type = type;
    inputs[1].constant = &weights;
    for (std::size_t i = Whole::kFirstEpilogueOperand; i < problem.inputs.size(); ++i)
      inputs.push_back(problem.inputs[i]);
    Problem result{static_cast<const Base&>(*problem.op.as<Whole>()),
                   std::move(inputs),
                   problem.outputs,
                   problem.accuracy,
                   problem.isa,
                   problem.threads,
                   nullptr,
                   {}};
    return result;
  }

  const Tactic& inner_;
  std::string name_;
};

template <class Base>
void wrap_tactics(TacticRegistry& registry) {
  for (const Tactic* tactic : float_tactics().for_op(Base::kName))
    registry.add(std::make_unique<WeightOnlyTactic<Base>>(*tactic));
}

}  // namespace
}  // namespace cpu

void register_cpu_tactic_weight_only(TacticRegistry& registry) {
  cpu::wrap_tactics<op::Conv>(registry);
  cpu::wrap_tactics<op::ConvTranspose>(registry);
  cpu::wrap_tactics<op::MatMul>(registry);
}

}  // namespace tenon
