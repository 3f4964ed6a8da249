// Products with a matrix of integers that stays one: "cpu.stored_matmul". A product of few rows waits for its
// matrix, which so is an eighth or a quarter of what it is in floats.
#include "backends/cpu/kernels/gemm_stored/gemm_stored.hpp"
#include "backends/cpu/steps/matmul.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/steps/operands.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "ops/weight_only.hpp"

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

using StoredMatMul = op::WeightOnlyMatMul;

// The integers of a tensor of 4 or 8 bits, unsigned: those of a signed one are shifted by half of their
// range.
class Unsigned {
 public:
  explicit Unsigned(const Tensor& tensor)
      : bytes_(static_cast<const std::uint8_t*>(static_cast<const void*>(tensor.data()))),
        four_(bit_width(tensor.dtype()) == 4),
        flip_(tensor.dtype() == DataType::i8   ? 0x80U
              : tensor.dtype() == DataType::i4 ? 0x08U
                                               : 0U) {}

  unsigned operator()(std::ptrdiff_t i) const {
    const unsigned value = four_ ? bytes_[i / 2] >> (i % 2 * 4) & 0x0fU : bytes_[i];
    return value ^ flip_;
  }
  unsigned zero() const { return flip_; }  // what stands for 0

 private:
  const std::uint8_t* bytes_;
  bool four_;
  unsigned flip_;
};

// How a matrix, its scales and zero points are stored.
struct StoredForm {
  explicit StoredForm(const Problem& problem)
      : op(*problem.op.as<StoredMatMul>()),
        matrix(*problem.inputs[StoredMatMul::kWeights].constant),
        scale(*problem.inputs[StoredMatMul::kScale].constant) {
    const Shape& dims = matrix.shape();
    shape.k = narrow_dim(dims[k_axis()]);
    shape.n = narrow_dim(dims[1 - k_axis()]);
    shape.bits = static_cast<int>(bit_width(matrix.dtype()));
    shape.block = along_k() ? narrow_dim(op.block_size) : 0;
  }

  std::size_t k_axis() const { return op.transpose_b ? 1 : 0; }
  bool one_scale() const { return scale.elements() == 1; }
  std::size_t axis() const { return static_cast<std::size_t>(op.axis < 0 ? op.axis + 2 : op.axis); }
  bool along_k() const { return !one_scale() && axis() == k_axis() && op.block_size > 0; }
  bool per_column() const { return one_scale() || (axis() != k_axis() && op.block_size == 0); }

  std::ptrdiff_t place(int k, int column) const { return at(k, column, shape.k); }
  std::ptrdiff_t block(int index, int column) const {
    return one_scale() ? 0 : at(index, column, StoredChunks(shape).blocks);
  }

  const StoredMatMul& op;
  const Tensor& matrix;
  const Tensor& scale;
  GemmStoredShape shape;

 private:
  std::ptrdiff_t at(int row, int column, int rows) const {
    return op.transpose_b ? static_cast<std::ptrdiff_t>(column) * rows + row
                          : static_cast<std::ptrdiff_t>(row) * shape.n + column;
  }
};

class StoredMatMulTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.stored_matmul"; }
  std::string_view op() const noexcept override { return StoredMatMul::kName; }
  // An element that is far smaller than its neighbours is rounded more than in floats.
  Accuracy loosest() const noexcept override { return Accuracy::standard; }

  Verdict supports(const Problem& problem) const override {
    if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
    for (const std::size_t i : {StoredMatMul::kWeights, StoredMatMul::kScale, StoredMatMul::kZero}) {
      if (Verdict v = require_constant(problem, i, "matrix, its scale or zero point"); !v) return v;
    }
    const auto& op = *problem.op.as<StoredMatMul>();
    if (problem.inputs[StoredMatMul::kWeights].dims.size() != 2)
      return Verdict::no("the second operand is not one matrix");
    if (op.transpose_a) return Verdict::no("the first operand is transposed");
    const StoredForm form(problem);
    if (form.shape.bits != 4 && form.shape.bits != 8)
      return Verdict::no("the weights have neither 4 nor 8 bits");
    if (!form.along_k() && !form.per_column())
      return Verdict::no("scales are neither of columns nor of blocks along the sums");
    if (const char* reason = gemm_stored_refusal(form.shape)) return Verdict::no(reason);
    return check_epilogue(problem, op.epilogue, StoredMatMul::kFirstEpilogueOperand).verdict;
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const MatMulShape shape = shape_of(problem);
    const double flops = 2.0 * shape.m * shape.n * shape.k;
    return plain_candidate(problem, std::max(compute_ns(flops * work(problem.isa), problem),
                                             memory_ns(touched_bytes(problem), problem)));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const StoredForm form(problem);
    const GemmStoredShape& shape = form.shape;
    const Unsigned stored(form.matrix);
    Tensor packed(DataType::u8, {static_cast<std::int64_t>(gemm_stored_packed_size(shape))});
    gemm_stored_pack(
        shape, [&](int k, int column) { return stored(form.place(k, column)); },
        packed.mutable_values<std::uint8_t>().data());
    const auto blocks = static_cast<std::int64_t>(gemm_stored_scales_size(shape));
    const float* scales = form.scale.values<float>().data();
    Tensor packed_scales(DataType::f32, {blocks});
    gemm_stored_pack_scales(
        shape, [&](int block, int column) { return scales[form.block(block, column)] * form.op.alpha; },
        packed_scales.mutable_values<float>().data());

    Prepared prepared{
        std::string(name()), op_to_params(static_cast<const op::MatMul&>(form.op)), {}, {StoredMatMul::kX}};
    prepared.weights = {std::move(packed), std::move(packed_scales)};
    std::int64_t one_zero = stored.zero();
    if (problem.has(StoredMatMul::kZero)) {
      const Tensor& zeros = *problem.inputs[StoredMatMul::kZero].constant;
      const Unsigned zero(zeros);
      one_zero = zero(0);
      for (std::int64_t i = 1; i < zeros.elements() && one_zero >= 0; ++i) {
        if (zero(i) != one_zero) one_zero = -1;
      }
      if (one_zero < 0) {
        Tensor packed_zeros(DataType::u8, {blocks});
        gemm_stored_pack_zeros(
            shape, [&](int block, int column) { return zero(form.block(block, column)); },
            packed_zeros.mutable_values<std::uint8_t>().data());
        prepared.weights.push_back(std::move(packed_zeros));
      }
    }
    prepared.params.push_back({"@b", form.matrix.shape()});
    prepared.params.push_back({"@stored", std::vector<std::int64_t>{shape.bits, shape.block, one_zero}});
    if (problem.has(StoredMatMul::kBias)) {
      prepared.params.push_back({"@bias", std::int64_t{1}});
      prepared.operands.push_back(StoredMatMul::kBias);
    }
    if (problem.inputs.size() > StoredMatMul::kFirstEpilogueOperand)
      prepared.operands.push_back(StoredMatMul::kFirstEpilogueOperand);
    return prepared;
  }

 private:
  // Of a multiply-add of floats.
  static double work(Isa isa) {
    if (isa >= Isa::avx512_vnni || isa == Isa::avx2_vnni) return 1.2;
    return 3;
  }

  static MatMulShape shape_of(const Problem& problem) {
    op::MatMul product;
    product.transpose_b = problem.op.as<StoredMatMul>()->transpose_b;
    return matmul_shape(product, problem.inputs[StoredMatMul::kX].dims,
                        problem.inputs[StoredMatMul::kWeights].dims, problem.outputs[0].dims);
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_stored_matmul(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::StoredMatMulTactic>());
}

}  // namespace tenon
