// Sums of bytes times factors that are known only while running: the kernels of quantized_conv and
// quantized_matmul, which take zero point and multipliers with each run.
#include "backends/cpu/steps/scaled_integer.hpp"

#include "backends/cpu/kernels/gemm_s8/gemm_s8.hpp"
#include "backends/cpu/steps/matmul.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "backends/cpu/tactics/quantized_operands.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

using Scaled = op::ScaledConvInteger;

// What a zero point of 1 adds to a packed bias.
template <class Pack>
std::vector<Tensor> packed_biases(std::int64_t channels, Pack pack) {
  Tensor base(DataType::i32, {channels});
  Tensor shifted(DataType::i32, {channels});
  pack(0, base.mutable_values<std::int32_t>().data());
  pack(1, shifted.mutable_values<std::int32_t>().data());
  const auto from = base.values<std::int32_t>();
  const auto to = shifted.mutable_values<std::int32_t>();
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(to[i]) - static_cast<std::uint32_t>(from[i]));
  return {std::move(base), std::move(shifted)};
}

std::vector<std::size_t> run_operands(const Problem& problem) {
  std::vector<std::size_t> operands = {Scaled::kX, Scaled::kMultiplier};
  if (problem.has(Scaled::kZero)) operands.push_back(Scaled::kZero);
  return operands;
}

template <class Form>
class ScaledConvTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return scaled_conv_kind<Form>(); }
  std::string_view op() const noexcept override { return Scaled::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (Verdict v = require_constant(problem, Scaled::kWeights, "filter"); !v) return v;
    const std::size_t rank = problem.inputs[Scaled::kX].dims.size();
    if (rank < 3 || rank > 4)
      return Verdict::no(fmt::format("{} spatial axes, the kernels have one or two", rank - 2));
    if (!problem.input(Scaled::kX).dims->at(1).is_const())
      return Verdict::no("the number of channels is not constant");
    if (const char* reason = Form::refusal(shape_of(problem))) return Verdict::no(reason);
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const ConvShape shape = shape_of(problem);
    Candidate base;
    base.inputs.resize(problem.inputs.size());
    if (!Form::kPlainInput) base.inputs[Scaled::kX] = blocked();
    base.outputs = {blocked()};
    const ConvShape computed = Form::computed(shape);
    const double ops = 2.0 * elements(problem.outputs[0].dims) *
                       static_cast<double>(round_up(computed.group_in(), kS8Group)) * shape.kernel_h *
                       shape.kernel_w;
    base.estimate_ns = std::max(integer_ns(ops, problem), memory_ns(touched_bytes(problem), problem));
    return {base};
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const ConvShape shape = shape_of(problem);
    Prepared prepared{std::string(name()), op_to_params(*problem.op.as<Scaled>()), {}, run_operands(problem)};
    const Shape& filter = problem.inputs[Scaled::kWeights].dims;
    prepared.params.push_back({"@kernel", std::vector<std::int64_t>(filter.begin() + 2, filter.end())});
    const ConvS8Config config = Form::configs(*Form::select(problem.isa), shape).configs[0];
    prepared.params.push_back(
        {"@config", std::vector<std::int64_t>{config.pixels, config.oc_blocks, config.oc_inner ? 1 : 0}});
    const std::int8_t* weights = problem.inputs[Scaled::kWeights].constant->values<std::int8_t>().data();
    Tensor packed(DataType::i8, {static_cast<std::int64_t>(Form::packed_size(shape))});
    Form::pack(shape, weights, packed.mutable_values<std::int8_t>().data());
    const bool is_signed = problem.input(Scaled::kX).dtype == DataType::i8;
    prepared.weights = packed_biases(
        static_cast<std::int64_t>(conv_s8_packed_bias_size(shape)),
        [&](int zero, std::int32_t* to) { conv_s8_pack_bias(shape, weights, nullptr, is_signed, zero, to); });
    prepared.weights.insert(prepared.weights.begin(), std::move(packed));
    return prepared;
  }

 private:
  static ConvShape shape_of(const Problem& problem) {
    const Shape& filter = problem.inputs[Scaled::kWeights].dims;
    return conv_shape(window_of(*problem.op.as<Scaled>()), problem.inputs[Scaled::kX].dims,
                      std::span(filter).subspan(2), problem.outputs[0].dims);
  }
};

class ScaledMatMulTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return kScaledMatMul; }
  std::string_view op() const noexcept override { return op::ScaledMatMulInteger::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    return require_constant(problem, Scaled::kWeights, "second operand");
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const MatMulShape shape = shape_of(problem);
    const double ops = 2.0 * shape.m * shape.n * shape.k;
    return plain_candidate(problem,
                           std::max(integer_ns(ops, problem), memory_ns(touched_bytes(problem), problem)));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const MatMulShape shape = shape_of(problem);
    const Tensor& b = *problem.inputs[Scaled::kWeights].constant;
    const std::int8_t* values = b.values<std::int8_t>().data();
    Tensor packed(DataType::i8, {static_cast<std::int64_t>(gemm_s8_packed_size(shape.k, shape.n))});
    gemm_s8_pack(values, false, shape.k, shape.n, packed.mutable_values<std::int8_t>().data());
    const bool is_signed = problem.input(Scaled::kX).dtype == DataType::i8;
    Prepared prepared{std::string(name()), {{"@b", b.shape()}}, {}, run_operands(problem)};
    prepared.weights = packed_biases(
        static_cast<std::int64_t>(gemm_s8_packed_bias_size(shape.n)), [&](int zero, std::int32_t* to) {
          gemm_s8_pack_bias(values, false, shape.k, shape.n, nullptr, is_signed, zero, to);
        });
    prepared.weights.insert(prepared.weights.begin(), std::move(packed));
    return prepared;
  }

 private:
  static MatMulShape shape_of(const Problem& problem) {
    return matmul_shape({}, problem.inputs[Scaled::kX].dims, problem.inputs[Scaled::kWeights].dims,
                        problem.outputs[0].dims);
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_scaled_integer(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::ScaledConvTactic<cpu::QuantizedConvDepthwise>>());
  registry.add(std::make_unique<cpu::ScaledConvTactic<cpu::QuantizedConvPlanar>>());
  registry.add(std::make_unique<cpu::ScaledConvTactic<cpu::QuantizedConvBlocked>>());
  registry.add(std::make_unique<cpu::ScaledMatMulTactic>());
}

}  // namespace tenon
