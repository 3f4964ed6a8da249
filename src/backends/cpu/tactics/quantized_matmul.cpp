// quantized_matmul with one constant matrix, in each of the forms of steps/matmul_s8.hpp.
#include "ops/quantized_matmul.hpp"

#include "backends/cpu/steps/matmul_s8.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/byte_product.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/quantized_operands.hpp"

namespace tenon {
namespace cpu {
namespace {

using QMatMul = op::QuantizedMatMul;

template <class Form>
class QuantizedMatMulTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return Form::kQuantized; }
  std::string_view op() const noexcept override { return QMatMul::kName; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    if (Verdict v = require_matrices<Form>(problem); !v) return v;
    const auto& op = *problem.op.as<QMatMul>();
    if (problem.inputs[QMatMul::kB].constant == nullptr)
      return Verdict::no("the second operand is computed, not constant");
    if (problem.inputs[QMatMul::kB].dims.size() != 2)
      return Verdict::no("the second operand is not one matrix");
    if (problem.input(QMatMul::kB).dtype != DataType::i8 || op.b_zero != 0)
      return Verdict::no("the second operand is not i8 around zero");
    if (op.transpose_a) return Verdict::no("the first operand is transposed");
    if (Verdict v = require_constant_channels(problem, QMatMul::kMultiplier, QMatMul::kBias); !v) return v;
    if (problem.has(QMatMul::kResidual)) {
      if (problem.inputs[QMatMul::kResidual].constant != nullptr)
        return Verdict::no("the added tensor is a constant");
      if (problem.input(QMatMul::kResidual).dims != problem.output().dims)
        return Verdict::no("the added tensor is broadcast");
    }
    return require_depth<Form>(shape_of(problem).k);
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    return plain_candidate(problem, byte_product_ns<Form>(problem, shape_of(problem)));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const MatMulShape shape = shape_of(problem);
    const auto& op = *problem.op.as<QMatMul>();
    Prepared prepared{std::string(name()), op_to_params(op), {}, {QMatMul::kA}};
    prepared.params.push_back({"@b", problem.inputs[QMatMul::kB].constant->shape()});
    ByteWeights weights = constant_weights(problem, QMatMul::kB, QMatMul::kMultiplier, QMatMul::kBias);
    if (!packed_when_loaded(weights.filter.size_bytes(), Form::packed_size(shape.k, shape.n))) {
      weights = pack_matrix<Form>(op.transpose_b, shape.k, shape.n, weights,
                                  {problem.input(QMatMul::kA).dtype, static_cast<int>(op.a_zero)});
    }
    prepared.weights = weights.list();
    if (problem.has(QMatMul::kResidual)) prepared.operands.push_back(QMatMul::kResidual);
    return prepared;
  }

 private:
  static MatMulShape shape_of(const Problem& problem) {
    op::MatMul product;
    product.transpose_b = problem.op.as<QMatMul>()->transpose_b;
    return matmul_shape(product, problem.inputs[QMatMul::kA].dims, problem.inputs[QMatMul::kB].dims,
                        problem.outputs[0].dims);
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_quantized_matmul(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::QuantizedMatMulTactic<cpu::ByteProductByVectors>>());
  registry.add(std::make_unique<cpu::QuantizedMatMulTactic<cpu::ByteProductByMatrices>>());
}

}  // namespace tenon
