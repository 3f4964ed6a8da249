// Sums of bytes times factors that are known only while running: the kernels of quantized_conv and
// quantized_matmul, which take zero point and multipliers with each run.
#include "backends/cpu/steps/scaled_integer.hpp"

#include "backends/cpu/tactics/byte_conv.hpp"
#include "backends/cpu/tactics/byte_product.hpp"

namespace tenon {
namespace cpu {
namespace {

using Scaled = op::ScaledConvInteger;

// The packed bias, and what a zero point of 1 adds to it. `pack` makes the bias for a zero point.
template <class Pack>
void add_biases(std::vector<Tensor>& weights, Pack pack) {
  Tensor base = pack(0);
  Tensor shifted = pack(1);
  const auto from = base.template values<std::int32_t>();
  const auto to = shifted.template mutable_values<std::int32_t>();
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(to[i]) - static_cast<std::uint32_t>(from[i]));
  weights.push_back(std::move(base));
  weights.push_back(std::move(shifted));
}

std::vector<std::size_t> run_operands(const Problem& problem) {
  std::vector<std::size_t> operands = {Scaled::kX, Scaled::kMultiplier};
  if (problem.has(Scaled::kZero)) operands.push_back(Scaled::kZero);
  return operands;
}

template <class Form>
class ScaledConvTactic final : public ByteConvTactic<Form, Scaled> {
  using Base = ByteConvTactic<Form, Scaled>;

 public:
  std::string_view name() const noexcept override { return scaled_conv_kind<Form>(); }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return {Base::candidate(problem)};
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const ConvS8Configs configs = Form::configs(*Form::select(problem.isa), Base::shape_of(problem));
    Prepared prepared = Base::prepare_window(problem, configs.configs[0]);
    prepared.weights = {Base::packed_filter(problem)};
    prepared.operands = run_operands(problem);
    add_biases(prepared.weights, [&](int zero) { return Base::packed_bias(problem, nullptr, zero); });
    return prepared;
  }
};

template <class Form>
class ScaledMatMulTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return Form::kScaled; }
  std::string_view op() const noexcept override { return op::ScaledMatMulInteger::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (Verdict v = require_matrices<Form>(problem); !v) return v;
    if (Verdict v = require_constant(problem, Scaled::kWeights, "second operand"); !v) return v;
    return require_depth<Form>(shape_of(problem).k);
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_candidate(problem, byte_product_ns<Form>(problem, shape_of(problem)));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const MatMulShape shape = shape_of(problem);
    const Tensor& b = *problem.inputs[Scaled::kWeights].constant;
    const std::int8_t* values = b.values<std::int8_t>().data();
    Tensor packed(DataType::i8, {static_cast<std::int64_t>(Form::packed_size(shape.k, shape.n))});
    Form::pack(values, false, shape.k, shape.n, packed.mutable_values<std::int8_t>().data());
    const bool is_signed = problem.input(Scaled::kX).dtype == DataType::i8;
    Prepared prepared{std::string(name()), {{"@b", b.shape()}}, {}, run_operands(problem)};
    prepared.weights = {std::move(packed)};
    add_biases(prepared.weights, [&](int zero) {
      Tensor bias(DataType::i32, {static_cast<std::int64_t>(gemm_s8_packed_bias_size(shape.n))});
      gemm_s8_pack_bias(values, false, shape.k, shape.n, nullptr, is_signed, zero,
                        bias.mutable_values<std::int32_t>().data());
      return bias;
    });
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
  registry.add(std::make_unique<cpu::ScaledConvTactic<cpu::QuantizedConvMatrixPlanar>>());
  registry.add(std::make_unique<cpu::ScaledConvTactic<cpu::QuantizedConvMatrix>>());
  registry.add(std::make_unique<cpu::ScaledMatMulTactic<cpu::ByteProductByVectors>>());
  registry.add(std::make_unique<cpu::ScaledMatMulTactic<cpu::ByteProductByMatrices>>());
}

}  // namespace tenon
