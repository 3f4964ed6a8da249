// Products of rows with a constant matrix, which is rounded to 16 bits, in each of the forms of
// steps/half_matmul_forms.hpp. The rows are rounded on the way where they are stored as f32.
#include "backends/cpu/steps/half_matmul_forms.hpp"
#include "backends/cpu/steps/matmul.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/half.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kHalfA = 0, kHalfB = 1, kHalfColumnBias = 2,
                      kHalfAdded = op::MatMul::kFirstEpilogueOperand;

template <class Form>
class HalfMatMulTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return Form::kKind; }
  std::string_view op() const noexcept override { return op::MatMul::kName; }
  double error_factor() const noexcept override { return half_error_factor<Form>(true); }
  Accuracy loosest() const noexcept override { return kLoosestOfHalf<Form>; }

  Verdict supports(const Problem& problem) const override {
    const auto& op = *problem.op.as<op::MatMul>();
    if (Verdict v = require_stored(problem, Form::kType); !v) return v;
    if (Verdict v = require_matrices<Form>(problem); !v) return v;
    if (Verdict v = require_chains<Form>(problem); !v) return v;
    if (Verdict v = require_f32(problem); !v) return v;
    if (Verdict v = require_constant(problem, kHalfB, "matrix"); !v) return v;
    if (Verdict v = require_constant(problem, kHalfColumnBias, "bias"); !v) return v;
    const Dims& a = *problem.input(kHalfA).dims;
    const Dims& b = *problem.input(kHalfB).dims;
    if (op.alpha != 1.0F) return Verdict::no("the product is scaled");
    if (op.transpose_a && a.size() > 1) return Verdict::no("the rows are columns of what is stored");
    if (b.size() > 2 && std::any_of(b.begin(), b.end() - 2, [](const Dim& d) { return !d.is_const(1); }))
      return Verdict::no("each product has a matrix of its own");
    if (auto check = check_epilogue(problem, op.epilogue, kHalfAdded); !check.verdict) return check.verdict;
    const MatMulShape shape = shape_of(problem);
    if (shape.batch != 1) return Verdict::no("the products are not rows of one");
    return require_depth<Form>(shape.k);
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const MatMulShape shape = shape_of(problem);
    const Layout stored = Layout().stored_as(Form::kType);
    Candidate base;
    base.inputs.resize(problem.inputs.size());
    base.outputs.resize(1);
    base.inputs[kHalfB] = Layout().stored_as(Form::kType);
    base.estimate_ns = estimate(problem, shape);
    std::vector<Candidate> all(4, base);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i < 2) all[i].inputs[kHalfA] = stored;
      if (i % 2 == 0) all[i].outputs[0] = stored;
      if (problem.inputs.size() > kHalfAdded) all[i].inputs[kHalfAdded] = all[i].outputs[0];
    }
    return all;
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const auto& op = *problem.op.as<op::MatMul>();
    const Tensor& b = *problem.inputs[kHalfB].constant;
    const MatMulShape shape = shape_of(problem);
    Prepared prepared{std::string(name()), op_to_params(op), {}, {kHalfA}};
    prepared.params.push_back({"@b", b.shape()});
    Tensor packed(Form::kType, {static_cast<std::int64_t>(Form::packed_size(shape.k, shape.n))});
    Form::pack(b.values<float>().data(), op.transpose_b && b.rank() > 1, shape.k, shape.n,
               reinterpret_cast<std::uint16_t*>(packed.mutable_data()));
    prepared.weights.push_back(std::move(packed));
    if (problem.has(kHalfColumnBias)) {
      Tensor bias(DataType::f32, {static_cast<std::int64_t>(conv_packed_bias_size(shape.n))});
      conv_pack_bias(problem.inputs[kHalfColumnBias].constant->values<float>().data(), shape.n,
                     bias.mutable_values<float>().data());
      prepared.weights.push_back(std::move(bias));
    }
    if (problem.inputs.size() > kHalfAdded) prepared.operands.push_back(kHalfAdded);
    return prepared;
  }

 private:
  static double estimate(const Problem& problem, const MatMulShape& shape) {
    if constexpr (kByMatrices<Form>) {
      // Rows are multiplied by sixteens.
      const auto rows = static_cast<double>(round_up(shape.m, kMatrixRows));
      return matrix_half_ns(problem, rows * shape.n, shape.k);
    }
    return half_ns<Form>(problem, 2.0 * shape.m * shape.n * shape.k);
  }

  static MatMulShape shape_of(const Problem& problem) {
    return matmul_shape(*problem.op.as<op::MatMul>(), problem.inputs[kHalfA].dims,
                        problem.inputs[kHalfB].dims, problem.outputs[0].dims);
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_half_matmul(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::HalfMatMulTactic<cpu::Bf16MatMul>>());
  registry.add(std::make_unique<cpu::HalfMatMulTactic<cpu::F16MatMul>>());
  registry.add(std::make_unique<cpu::HalfMatMulTactic<cpu::Bf16MatMulMatrix>>());
  registry.add(std::make_unique<cpu::HalfMatMulTactic<cpu::F16MatMulChained>>());
}

}  // namespace tenon
