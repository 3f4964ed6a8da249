// "cpu.matmul_max": a product with a constant matrix, of which only the maxima of the rows are kept.
#include "ops/matmul_max.hpp"

#include "backends/cpu/kernels/gemm/gemm.hpp"
#include "backends/cpu/steps/op_params.hpp"
#include "backends/cpu/tactics/checks.hpp"
#include "backends/cpu/tactics/cost.hpp"

namespace tenon {
namespace cpu {
namespace {

constexpr std::size_t kFilter = 1, kOffset = 2;

class MatMulMaxTactic final : public Tactic {
 public:
  std::string_view name() const noexcept override { return "cpu.matmul_max"; }
  std::string_view op() const noexcept override { return op::MatMulMax::kName; }

  Verdict supports(const Problem& problem) const override {
    if (Verdict v = require_f32(problem); !v) return v;
    if (Verdict v = require_constant(problem, kFilter, "second operand"); !v) return v;
    const Dims& a = *problem.input(0).dims;
    const Dim& rows = a[a.size() - 2];
    if (!rows.is_const() || rows.value() == 0) return Verdict::no("the number of rows is not constant");
    return check_epilogue(problem, problem.op.as<op::MatMulMax>()->epilogue, 3).verdict;
  }

  std::vector<Candidate> candidates(const Problem& problem) const override {
    const double flops =
        2 * elements(problem.inputs[0].dims) * static_cast<double>(problem.inputs[kFilter].dims[1]);
    return plain_candidate(problem,
                           std::max(compute_ns(flops, problem), memory_ns(touched_bytes(problem), problem)));
  }

  Prepared prepare(const Problem& problem, const Candidate&) const override {
    Prepared prepared{std::string(name()), op_to_params(*problem.op.as<op::MatMulMax>()), {}, {0}};
    const Tensor& b = *problem.inputs[kFilter].constant;
    const auto k = static_cast<int>(b.shape()[0]), n = static_cast<int>(b.shape()[1]);
    Tensor packed(DataType::f32, {static_cast<std::int64_t>(gemm_packed_b_size(k, n))});
    gemm_pack_b(b.values<float>().data(), n, false, k, n, packed.mutable_values<float>().data());
    prepared.params.push_back({"@b", b.shape()});
    prepared.weights.push_back(std::move(packed));
    if (problem.has(kOffset)) {
      prepared.params.push_back({"@bias", std::int64_t{1}});
      prepared.operands.push_back(kOffset);
    }
    return prepared;
  }
};

}  // namespace
}  // namespace cpu

void register_cpu_tactic_matmul_max(TacticRegistry& registry) {
  registry.add(std::make_unique<cpu::MatMulMaxTactic>());
}

}  // namespace tenon
