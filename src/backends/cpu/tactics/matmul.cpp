// Matrix products through gemm: "cpu.matmul". A constant b is packed at build time, with alpha in it.
#include "backends/cpu/steps/matmul.hpp"

#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kA = 0, kB = 1, kBias = 2, kResidual = op::MatMul::kFirstEpilogueOperand;

// Whether the leading axes are those of the result for all shapes of the profile, or all 1.
bool batch_fits(const Dims& operand, const Dims& result, bool other_is_vector) {
  if (operand.size() < 3) return true;
  const auto batch = std::span(operand).first(operand.size() - 2);
  if (std::all_of(batch.begin(), batch.end(), [](const Dim& d) { return d.is_const(1); })) return true;
  const std::size_t own = other_is_vector ? 1 : 2;
  return result.size() == batch.size() + own &&
         std::equal(batch.begin(), batch.end(), result.begin(),
                    [](const Dim& a, const Dim& b) { return provably_equal(a, b); });
}

class MatMulTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.matmul"; }
  std::string_view op() const noexcept override { return "matmul"; }

  Verdict supports(const Problem& problem) const override {
    const auto& op = *problem.op.as<op::MatMul>();
    if (Verdict v = require_f32(problem); !v) return v;
    const Dims& a = *problem.input(kA).dims;
    const Dims& b = *problem.input(kB).dims;
    const Dims& y = *problem.output().dims;
    if (!batch_fits(a, y, b.size() == 1) || !batch_fits(b, y, a.size() == 1)) {
      return Verdict::no("the leading axes of an operand are broadcast in part, or may be for some shapes");
    }
    if (auto check = check_epilogue(problem, op.epilogue, kResidual); !check.verdict) return check.verdict;
    return Verdict::yes();
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    Candidate candidate;
    candidate.inputs.resize(problem.inputs.size());
    candidate.outputs.resize(1);
    const MatMulShape shape = shape_of(problem);
    const double flops = 2.0 * shape.m * shape.n * shape.k * shape.batch;
    const double packing =
        packs(problem) ? 0 : 8.0 * shape.k * shape.n * (shape.b_per_batch ? shape.batch : 1);
    candidate.estimate_ns =
        std::max(compute_ns(flops, problem), memory_ns(touched_bytes(problem) + packing, problem));
    return {candidate};
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    const auto& op = *problem.op.as<op::MatMul>();
    Prepared prepared{std::string(name()), op_to_params(op), {}, {kA}};
    if (packs(problem)) {
      prepared.params.push_back({"@packed", std::int64_t{1}});
      prepared.params.push_back({"@b", problem.inputs[kB].constant->shape()});
      prepared.weights.push_back(pack(problem));
    } else {
      prepared.operands.push_back(kB);
    }
    if (problem.has(kBias)) {
      prepared.params.push_back({"@bias", std::int64_t{1}});
      prepared.operands.push_back(kBias);
    }
    if (problem.inputs.size() > kResidual) prepared.operands.push_back(kResidual);
    return prepared;
  }

 private:
  static bool packs(const Problem& problem) { return problem.inputs[kB].constant != nullptr; }

  static MatMulShape shape_of(const Problem& problem) {
    return matmul_shape(*problem.op.as<op::MatMul>(), problem.inputs[kA].dims, problem.inputs[kB].dims,
                        problem.outputs[0].dims);
  }

  static Tensor pack(const Problem& problem) {
    const auto& op = *problem.op.as<op::MatMul>();
    const Tensor& b = *problem.inputs[kB].constant;
    const MatMulShape shape = shape_of(problem);
    const GemmMatrix view = matmul_args(op, shape, false, b.rank() == 1).b;
    const std::size_t one = gemm_packed_b_size(shape.k, shape.n);
    const auto matrices = static_cast<std::size_t>(shape.b_per_batch ? shape.batch : 1);
    Tensor packed(DataType::f32, {static_cast<std::int64_t>(one * matrices)});
    const auto values = packed.mutable_values<float>();
    const float* source = b.values<float>().data();
    for (std::size_t i = 0; i < matrices; ++i) {
      gemm_pack_b(source + static_cast<std::ptrdiff_t>(i) * view.batch_stride, view.ld, view.transposed,
                  shape.k, shape.n, values.data() + i * one);
    }
    if (op.alpha != 1.0F) {
      for (float& value : values) value *= op.alpha;
    }
    return packed;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_matmul(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::MatMulTactic>());
}

}  // namespace tenon
